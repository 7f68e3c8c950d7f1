"""Fetches a pipeline file before a replica starts: ``python -m redspot.serving.fetching URL DIGEST SIZE TARGET``.

For pods whose pipeline is too large to come with them. The token is in ``REDSPOT_FETCH_TOKEN``; what arrives is
kept only when it is, byte for byte, what was asked for.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import sys
import time
from pathlib import Path

import httpx

from redspot.errors import CorruptError, InvalidError, UnavailableError
from redspot.serving.program import run

TOKEN_VARIABLE = "REDSPOT_FETCH_TOKEN"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TRIES = 5
_TIMEOUT_S = 30.0

log = logging.getLogger("redspot.serving")


class FetchRefusedError(InvalidError):
    """Whoever has the pipeline file does not give it."""

    code = "fetch-refused"


class FetchFailedError(UnavailableError):
    """The pipeline file did not come; the same call may succeed later."""

    code = "fetch-failed"


class FetchedOtherError(CorruptError):
    """What came is not the pipeline file that was asked for."""

    code = "fetched-other"


def fetch(url: str, digest: str, size_bytes: int, target: Path, *, token: str, pause_s: float = 1.0) -> None:
    """Write what is at `url` to `target`, in one step, once its size and hash are right.

    Parameters
    ----------
    digest
        ``sha256:`` and 64 hexadecimal digits.
    pause_s
        Before the second try; twice as long before each later one.

    Raises
    ------
    FetchRefusedError
        When the answer is that there is no such file, or not for this token.
    FetchFailedError
        When there was no answer after several tries.
    FetchedOtherError
        When it was another file.
    """
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(pause_s * 2 ** (attempt - 1))
        try:
            _try(url, digest, size_bytes, target, token)
        except (httpx.HTTPError, FetchFailedError) as error:
            log.warning("the pipeline did not come: %s", error)
            last = error
        else:
            return
    raise FetchFailedError(f"No pipeline came from {url} after {_TRIES} tries: {last}.")


def _try(url: str, digest: str, size_bytes: int, target: Path, token: str) -> None:
    headers = {"Authorization": f"token {token}"} if token else {}
    scratch = target.with_name(f".{target.name}.part")
    found, count = hashlib.sha256(), 0
    with (
        httpx.Client(timeout=_TIMEOUT_S, headers=headers, trust_env=False) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code >= 500 or answer.status_code == 429:
            raise FetchFailedError(f"{url} answers with status {answer.status_code}")
        if answer.status_code != 200:
            raise FetchRefusedError(f"{url} does not give the pipeline: it answers with status {answer.status_code}.")
        with scratch.open("wb") as file:
            for part in answer.iter_bytes():
                count += len(part)
                if count > size_bytes:
                    raise FetchedOtherError(f"{url} gives more than the {size_bytes} bytes of the pipeline.")
                found.update(part)
                file.write(part)
    if f"sha256:{found.hexdigest()}" != digest:
        raise FetchedOtherError(f"{url} gives bytes of another hash than {digest}.")
    os.replace(scratch, target)


def main() -> int:
    """Fetch what the four arguments say."""
    arguments = sys.argv[1:]
    if len(arguments) != 4 or not _DIGEST.fullmatch(arguments[1]) or not arguments[2].isdecimal():
        sys.stderr.write("usage: python -m redspot.serving.fetching URL sha256:DIGEST SIZE TARGET\n")
        return 2
    url, digest, size, target = arguments

    def work() -> int:
        fetch(url, digest, int(size), Path(target), token=os.environ.pop(TOKEN_VARIABLE, ""))
        return 0

    return run("redspot fetch", work, {})


if __name__ == "__main__":
    sys.exit(main())
