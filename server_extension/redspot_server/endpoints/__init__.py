"""The service's endpoints by noun: plain functions of (services, caller, …)."""
