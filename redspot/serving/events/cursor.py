"""How far a spool is shipped."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Mapping
from pathlib import Path

log = logging.getLogger("redspot.serving")


class Cursor:
    """Positions by segment, in a file that is replaced whole.

    A file that is damaged counts as none: everything is shipped again, and nothing is lost.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offsets = _read(file)

    def offset(self, segment: str) -> int:
        """Return up to where a segment is shipped, in bytes."""
        return self._offsets.get(segment, 0)

    def commit(self, offsets: Mapping[str, int], gone: Collection[str] = ()) -> None:
        """Keep new positions, and forget those of segments that are gone."""
        kept = {name: offset for name, offset in {**self._offsets, **offsets}.items() if name not in gone}
        scratch = self._file.with_name(f".{self._file.name}")
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w") as stream:
            json.dump(kept, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(scratch, self._file)
        self._offsets = kept


def _read(file: Path) -> dict[str, int]:
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        log.warning("the cursor %s cannot be read, so all segments are shipped again: %s", file, error)
        return {}
    if not isinstance(content, dict) or not all(type(offset) is int and offset >= 0 for offset in content.values()):
        log.warning("the cursor %s holds no positions, so all segments are shipped again", file)
        return {}
    return content
