"""The one user's password: generated once, kept where only the owner can read it."""

from __future__ import annotations

import os
import secrets

from redspot.config import Config

_WORDS = "bcdfghjkmnpqrstvwxz23456789"


def hub_password(config: Config | None = None) -> str:
    """Return the password, the same one every time; the file has mode 0600."""
    config = config or Config.load()
    config.prepare()
    path = config.state_dir / "hub-password"
    if not path.exists():
        password = "-".join("".join(secrets.choice(_WORDS) for _ in range(5)) for _ in range(4))
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w") as opened:
            opened.write(password + "\n")
    return path.read_text().strip()
