from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from redspot.serving.fetching import FetchedOtherError, FetchFailedError, FetchRefusedError, fetch

CONTENT = b"a pipeline of some length" * 1000
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Giving(BaseHTTPRequestHandler):
    """Gives the pipeline to who has the token; `/flaky` fails twice before."""

    failures = 0

    def do_GET(self) -> None:
        status, body = 200, CONTENT
        if self.headers.get("Authorization") != "token t":
            status, body = 403, b""
        elif self.path == "/down" or (self.path == "/flaky" and Giving.failures < 2):
            Giving.failures += 1
            status, body = 503, b""
        elif self.path == "/other":
            body = CONTENT[:-1] + b"!"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    Giving.failures = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Giving)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_comes_is_kept_whole(url: str, tmp_path: Path) -> None:
    target = tmp_path / "pipeline"
    fetch(f"{url}/flaky", DIGEST, len(CONTENT), target, token="t", pause_s=0.01)
    assert target.read_bytes() == CONTENT
    assert [file.name for file in tmp_path.iterdir()] == ["pipeline"]


@pytest.mark.parametrize(
    ("path", "token", "size", "error"),
    [
        ("/", "wrong", len(CONTENT), FetchRefusedError),
        ("/other", "t", len(CONTENT), FetchedOtherError),
        ("/", "t", len(CONTENT) - 1, FetchedOtherError),
        ("/down", "t", len(CONTENT), FetchFailedError),
    ],
)
def test_what_is_not_the_pipeline_is_not_kept(
    url: str, tmp_path: Path, path: str, token: str, size: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        fetch(f"{url}{path}", DIGEST, size, tmp_path / "pipeline", token=token, pause_s=0.01)
    assert not (tmp_path / "pipeline").exists()


def test_the_program_says_in_one_line_what_was_wrong(url: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "redspot.serving.fetching", f"{url}/other", DIGEST, str(len(CONTENT))]
    done = subprocess.run(
        [*argv, str(tmp_path / "pipeline")],
        env={**os.environ, "REDSPOT_FETCH_TOKEN": "t"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "redspot fetch: fetched-other: " in done.stderr
    assert done.stderr.count("\n") == done.stderr.count(" INFO ") + 1
