"""The verbs of the command line that speak to the service or run its processes."""
