"""Where things run: units, instance types, and the port that every compute backend speaks."""
