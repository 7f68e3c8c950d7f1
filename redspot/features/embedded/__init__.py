"""The embedded engine: DuckDB reads, filters and joins; NumPy computes windows."""
