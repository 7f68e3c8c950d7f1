"""The command line: ``redspot VERB …``. Verbs come from the packages, by entry point, when called."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Protocol

from redspot._version import __version__
from redspot.config import Config
from redspot.errors import InvalidError, NotFoundError, RedspotError, UnavailableError
from redspot.plugins import Registry

_EXIT: dict[type[RedspotError], int] = {InvalidError: 2, NotFoundError: 3, UnavailableError: 4, RedspotError: 1}

_EXIT_BY_STATUS = {400: 2, 404: 3, 405: 2, 503: 4}  # what the service answered, in the same terms


class Verb(Protocol):
    """A module behind the entry point ``redspot.verbs``."""

    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's arguments."""
        ...

    def run(self, arguments: argparse.Namespace, config: Config) -> int:
        """Do it and return the exit status."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; the exit status is 0, 2 for bad input, 3 for what does not exist, 4 for what is down, else 1."""
    words = list(sys.argv[1:] if argv is None else argv)
    verbs: Registry[Verb] = Registry("redspot.verbs")
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview(verbs))
        return 0
    if words[0] == "--version":
        print(f"redspot {__version__}")
        return 0
    try:
        verb = verbs.load(words[0])
        parser = argparse.ArgumentParser(prog=f"redspot {words[0]}", description=verb.HELP)
        parser.add_argument("--json", action="store_true", help="answer with JSON")
        verb.configure(parser)
        arguments = parser.parse_args(words[1:])
        return verb.run(arguments, Config.load())
    except RedspotError as error:
        return _say(error, as_json="--json" in words)
    except KeyboardInterrupt:
        print("redspot: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader, such as `head`, has gone
        return 141


def _overview(verbs: Registry[Verb]) -> str:
    lines = ["usage: redspot VERB [--json] …", "", "From a notebook to a model in production without a rewrite.", ""]
    lines += [f"  {name:<12}{verbs.load(name).HELP}" for name in verbs.names()]
    return "\n".join([*lines, "", "`redspot VERB --help` tells more. Settings: redspot.toml or REDSPOT_*."])


def _say(error: RedspotError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"code": error.code, "detail": error.message, "facts": dict(error.facts)}))
    print(f"redspot: {error.message} [{error.code}]", file=sys.stderr)
    by_kind = next(_EXIT[kind] for kind in type(error).__mro__ if kind in _EXIT)
    return _EXIT_BY_STATUS.get(getattr(error, "status", 0), by_kind)


if __name__ == "__main__":
    sys.exit(main())
