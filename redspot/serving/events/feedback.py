"""What turned out to be true, told later about predictions that were made before."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from redspot.clock import as_utc
from redspot.errors import JsonScalar
from redspot.serving.events.errors import InvalidFeedbackError
from redspot.serving.events.parquet import LABELS, table_of
from redspot.serving.events.sink import Sink


@dataclass(frozen=True, slots=True)
class Label:
    """The true value of one prediction.

    Attributes
    ----------
    request_id
        What the answer's ``X-Request-Id`` said.
    row
        Which row of that request, from 0.
    time
        When it became known; aware.
    """

    request_id: str
    label: JsonScalar
    row: int = 0
    time: datetime = field(default_factory=lambda: datetime.now(UTC))


def write_feedback(url: str, labels: Iterable[Label]) -> int:
    """Keep labels beside the events under `url`; of two for one prediction the later counts.

    Returns
    -------
    int
        How many were kept.

    Raises
    ------
    InvalidFeedbackError
        Naming the label that is wrong; none is kept then.
    """
    given = list(labels)
    for number, label in enumerate(given):
        _check(number, label)
    by_day: dict[object, list[Label]] = {}
    for label in given:
        by_day.setdefault(as_utc(label.time).date(), []).append(label)
    sink = Sink(url) if given else None
    for some in by_day.values():
        if sink is not None:
            sink.put_feedback(as_utc(some[0].time).date(), secrets.token_hex(12), _table(some))
    return len(given)


def read_labels(lines: Iterable[str]) -> list[Label]:
    """Read labels from lines of JSON with ``request_id``, ``label`` and, when it is not 0, ``row``.

    Raises
    ------
    InvalidFeedbackError
        Naming the line that is wrong.

    Examples
    --------
    >>> [label] = read_labels(['{"request_id": "r7", "label": "cat"}'])
    >>> label.request_id, label.label, label.row
    ('r7', 'cat', 0)
    """
    return [_label(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _label(number: int, line: str) -> Label:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidFeedbackError(f"Line {number} is not JSON: {error}.", line=number) from error
    wanted = {"request_id", "label"}
    if not isinstance(content, dict) or not wanted <= set(content) <= wanted | {"row"}:
        raise InvalidFeedbackError(f"Line {number} is no object of request_id, label and, at most, row.", line=number)
    return Label(**content)


def _table(labels: Sequence[Label]) -> object:
    rows = [
        {"request_id": each.request_id, "row": each.row, "time": each.time, "label": json.dumps(each.label)}
        for each in labels
    ]
    return table_of(rows, LABELS)


def _check(number: int, label: Label) -> None:
    if not isinstance(label.request_id, str) or not label.request_id:
        raise InvalidFeedbackError(f"Label {number} has no request id.", label=number)
    if type(label.row) is not int or not 0 <= label.row < 2**31:
        raise InvalidFeedbackError(f"Label {number} has row {label.row!r}; rows count from 0.", label=number)
    if label.time.tzinfo is None:
        raise InvalidFeedbackError(f"Label {number} has a time without a zone.", label=number)
    value = label.label
    is_finite = not isinstance(value, float) or value - value == 0
    if value is None or not isinstance(value, str | int | float | bool) or not is_finite:
        raise InvalidFeedbackError(f"Label {number} is {value!r}, not a text, a number or a truth.", label=number)
