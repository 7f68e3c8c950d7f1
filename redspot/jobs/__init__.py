"""Frozen jobs, their parameters and schedules, and the states of a run: rules and ports."""
