"""The one place where the version is written; the wheel and the npm package follow it."""

__version__ = "0.1.0"
