"""The page on which an endpoint can be tried in a browser: one file, the same for every endpoint.

It holds nothing that users made: it reads the endpoint's own description with the visitor's token. So it
may run its script, which is pinned by its digest, and nobody learns from it which endpoints exist.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from redspot.serving.answer import Answer

HTML = "text/html; charset=utf-8"

_FILE = Path(__file__).with_name("trial.html")


@cache
def trial_page() -> Answer:
    """Return the page, with a policy that lets it call its own endpoint and do nothing else."""
    text = _FILE.read_text(encoding="utf-8")
    script, style = (_digest(text, tag) for tag in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-same-origin allow-forms"
    )
    return Answer(200, text.encode(), HTML, (("Content-Security-Policy", policy),))


def _digest(text: str, tag: str) -> str:
    found = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    if found is None:
        raise LookupError(tag)
    return "sha256-" + base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
