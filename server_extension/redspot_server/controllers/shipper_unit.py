"""The shipper's unit: takes events from the spools of all replicas to where they are kept."""

from __future__ import annotations

import sys

from redspot.compute.unit import UnitKind
from redspot_server.controllers.kept_unit import KeptUnit
from redspot_server.services import Services


def shipper_unit(services: Services) -> KeptUnit:
    """Return what keeps one shipper running, as long as any endpoint's events are on."""
    return KeptUnit(services, UnitKind.SHIPPER, shipper_argv)


def shipper_argv(services: Services) -> tuple[str, ...] | None:
    """Return the shipper's command line; None where events are off."""
    config = services.config
    definitions = [standing.applied.definition for standing in services.endpoints.standings()]
    if not config.events_sample and not any(each.log_sample for each in definitions):
        return None
    argv = [sys.executable, "-m", "redspot.serving.events.shipper"]
    argv += ["--spool", str(config.spool_dir), "--sink", config.events]
    if config.events_keep_days:
        argv += ["--keep-days", str(config.events_keep_days)]
    for each in definitions:
        if each.keep_days is not None:
            argv += ["--keep-days-of", f"{each.name}={each.keep_days or ''}"]
    return tuple(argv)
