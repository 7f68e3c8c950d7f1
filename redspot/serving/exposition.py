"""Prometheus texts of several replicas as one, each sample labelled with its replica."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (.+)")
_COMMENT = re.compile(r"# (?:HELP|TYPE) (\S+) .*")


def merge_expositions(texts: Mapping[str, str]) -> str:
    r"""Return one text in which every sample carries the label ``replica``.

    Parameters
    ----------
    texts
        By the replica's name. All samples of a family stay together, as the format asks, and what describes
        the family comes once.

    Examples
    --------
    >>> print(merge_expositions({"a": "# TYPE x counter\nx 1.0\n", "b": "# TYPE x counter\nx 2.0\n"}), end="")
    # TYPE x counter
    x{replica="a"} 1.0
    x{replica="b"} 2.0
    """
    comments: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for replica, text in texts.items():
        label = f'replica="{_escaped(replica)}"'
        family = ""
        for line in text.splitlines():
            comment, sample = _COMMENT.fullmatch(line), _SAMPLE.fullmatch(line)
            if comment:
                family = comment[1]
                known = comments.setdefault(family, [])
                if line not in known:
                    known.append(line)
            elif sample:
                labels = f"{sample[2]},{label}" if sample[2] else label
                samples.setdefault(family, []).append(f"{sample[1]}{{{labels}}} {sample[3]}")
    lines = [line for family in comments | samples for line in (*comments.get(family, ()), *samples.get(family, ()))]
    return "".join(f"{line}\n" for line in lines)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
