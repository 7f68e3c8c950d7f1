"""Which predictions become events, and how much room their spool may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from redspot.serving.events.errors import EventSettingsError

SEGMENT_BYTES = 8 * 1024 * 1024
SEGMENT_AGE_S = 60.0
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What a replica's configuration says under ``events``.

    Attributes
    ----------
    spool
        Folder of the segments; 0700.
    sample
        Share of the requests that become events, from 0 to 1.
    redact
        Columns whose values are replaced by null before anything is written.
    segment_bytes, segment_age_s
        A segment is closed when it is that large, or that old at the next event.
    max_bytes
        When the segments together are that large, events are dropped and counted.
    """

    spool: Path
    sample: float = 1.0
    redact: tuple[str, ...] = ()
    segment_bytes: int = SEGMENT_BYTES
    segment_age_s: float = SEGMENT_AGE_S
    max_bytes: int = MAX_BYTES

    @classmethod
    def of_json(cls, content: object) -> Self:
        """Read the settings.

        Raises
        ------
        EventSettingsError
            Naming the key that is wrong.
        """
        if not isinstance(content, Mapping):
            raise EventSettingsError("'events' is not an object.", key="events")
        unknown = sorted(set(content) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise EventSettingsError(f"'events' has no setting {unknown[0]!r}; there are {known}.", key=unknown[0])
        spool = content.get("spool")
        if not isinstance(spool, str) or not Path(spool).is_absolute():
            raise EventSettingsError("'spool' of 'events' is not the absolute path of a folder.", key="spool")
        redact = content.get("redact", [])
        if not isinstance(redact, list) or not all(isinstance(name, str) for name in redact):
            raise EventSettingsError("'redact' of 'events' is not a list of columns.", key="redact")
        sample = _number(content, "sample", 1.0)
        if not 0 <= sample <= 1:
            raise EventSettingsError(f"'sample' of 'events' is {sample:g}; it is a share from 0 to 1.", key="sample")
        segment_bytes = _whole(content, "segment_bytes", SEGMENT_BYTES)
        max_bytes = _whole(content, "max_bytes", MAX_BYTES)
        if max_bytes < segment_bytes and "segment_bytes" in content:
            raise EventSettingsError("'max_bytes' of 'events' is less than 'segment_bytes'.", key="max_bytes")
        age = _number(content, "segment_age_s", SEGMENT_AGE_S)
        if age <= 0:
            raise EventSettingsError("'segment_age_s' of 'events' is not more than 0.", key="segment_age_s")
        return cls(Path(spool), sample, tuple(redact), min(segment_bytes, max_bytes), age, max_bytes)


def _number(content: Mapping[str, Any], key: str, default: float) -> float:
    value = content.get(key, default)
    # NaN is a float that is unequal to itself.
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise EventSettingsError(f"{key!r} of 'events' is not a number.", key=key)
    return float(value)


def _whole(content: Mapping[str, Any], key: str, default: int) -> int:
    value = content.get(key, default)
    if type(value) is not int or value <= 0:
        raise EventSettingsError(f"{key!r} of 'events' is not a whole number above 0.", key=key)
    return value
