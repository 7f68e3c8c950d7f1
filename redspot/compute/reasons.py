"""What is said of a unit that a limit ended: the same sentences for every backend.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

_MIB = 1024 * 1024


def ran_too_long(limit_s: float) -> str:
    """Return the sentence for a unit that its time limit ended."""
    return f"It ran longer than its limit of {limit_s:g} s."


def ran_out_of_memory(limit_bytes: int | None, used_bytes: int) -> str:
    """Return the sentence for a unit that was ended for want of memory; None is no limit of its own."""
    if limit_bytes is None:
        return "The machine ran out of memory and the kernel ended it; it has no limit of its own."
    return (
        f"It needed more memory than its limit of {limit_bytes / _MIB:.0f} MiB"
        f" ({used_bytes / _MIB:.0f} MiB in use when it was ended)."
    )
