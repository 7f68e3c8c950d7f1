"""The notebooks and definitions that the README runs."""
