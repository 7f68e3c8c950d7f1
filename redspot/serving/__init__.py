"""Online inference: the replica that answers with a pipeline, and the router in front of all replicas."""
