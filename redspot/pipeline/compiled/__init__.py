"""Fitted predictors as plain arrays; each kind of model is imported when one is there."""
