"""The embedded engine: DuckDB reads, filters and joins; NumPy computes windows."""

from __future__ import annotations

from redspot.errors import MissingExtraError

try:
    import duckdb  # noqa: F401  all modules here need both
    import pyarrow  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"Features are computed with DuckDB and Arrow, and {error.name} is missing: pip install 'redspot[features]'."
    ) from error
