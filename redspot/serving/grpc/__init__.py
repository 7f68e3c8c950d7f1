"""The Open Inference Protocol over gRPC, as one more way to ask what HTTP answers."""
