"""Endpoints as objects of Kubernetes: pure functions from what is wanted to what is applied."""
