"""The wire: requests by noun, and the domain's own dataclasses as replies."""
