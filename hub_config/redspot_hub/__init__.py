"""Redspot's side of a JupyterHub: services, scopes, the spawn form and the proxy."""

from redspot_hub.password import hub_password
from redspot_hub.setup import setup

__all__ = ["hub_password", "setup"]
