"""Level-triggered loops over rows: desired state, observed state, one idempotent step."""
