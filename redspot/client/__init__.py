"""What notebooks and programs use to speak with the Redspot service."""
