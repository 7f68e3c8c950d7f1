"""``redspot models``: models and their versions."""

from __future__ import annotations

import argparse

from redspot.config import Config
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List the models, or the versions of one."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("name", nargs="?", help="a model: list its versions")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Print them."""
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
