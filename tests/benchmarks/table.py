"""Figures of a benchmark as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def rounded(value: Any) -> Any:
    """Return the median of a figure with four digits."""
    number = value[0] if isinstance(value, tuple) else value
    return float(f"{number:.4g}")


def print_table(figures: Mapping[str, Any], bars: Mapping[str, tuple[str, float]]) -> None:
    """Print each figure with its range and, where there is one, its bar."""
    print(f"{'figure':<36}{'median':>12}{'range':>26}  bar")
    for name in sorted(figures):
        value = figures[name]
        number, low, high = value if isinstance(value, tuple) else (value, value, value)
        spread = f"{low:.4g} – {high:.4g}" if low != high else ""
        sign, bar = bars.get(name, ("", None))
        is_met = bar is None or (number >= bar if sign == "≥" else number <= bar)
        shown = "" if bar is None else f"{sign} {bar:g}{'' if is_met else '  missed'}"
        print(f"{name:<36}{number:>12.4g}{spread:>26}  {shown}")
