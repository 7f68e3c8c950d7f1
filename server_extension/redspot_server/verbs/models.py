"""``redspot models``: models and their versions."""

from __future__ import annotations

import argparse
from pathlib import Path

from redspot.config import Config
from redspot.jobs.notebook import NotebookError, parse_notebook
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List the models, or the versions of one; register a notebook that answers."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", nargs="?", help="a model: list its versions")
    parser.add_argument(
        "--register",
        metavar="NOTEBOOK",
        type=Path,
        help="register a notebook whose cells tagged 'endpoint' define predict(payload) as the model's next version",
    )


def _register(arguments: argparse.Namespace, config: Config) -> int:
    name = arguments.name or arguments.register.stem
    try:
        data = arguments.register.read_bytes()
    except OSError as error:
        raise NotebookError(f"{arguments.register} cannot be read: {error.strerror}.") from error
    notebook = parse_notebook(data)
    with connect(config) as client:
        version = client.register_notebook(name, notebook)
    print(f"Registered {version.ref}. Deploy it: redspot endpoints deploy {name} {version.ref}")
    return 0


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Print them."""
    if arguments.register is not None:
        return _register(arguments, config)
    with connect(config) as client:
        if arguments.name:
            versions = client.versions(arguments.name)
            if arguments.json:
                print_json(versions)
                return 0
            rows = [
                (v.ref, ", ".join(f"{k}={x:.4g}" for k, x in v.metrics.items()), v.run_id, v.created_by, v.created_at)
                for v in versions
            ]
            print_table(("VERSION", "METRICS", "RUN", "BY", "AT"), rows, "No version yet.")
            return 0
        models = client.models()
    if arguments.json:
        print_json(models)
        return 0
    rows_of_models = [(m.name, m.version_count, ", ".join(m.endpoints) or None, m.owner) for m in models]
    print_table(("MODEL", "VERSIONS", "ENDPOINTS", "OWNER"), rows_of_models, "No model is registered yet.")
    return 0
