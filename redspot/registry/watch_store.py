"""The port of what is kept of endpoints that are watched."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from redspot.registry.series import Sample
from redspot.registry.signal import EndpointSignal, Finding, MonitorReport


class WatchStore(Protocol):
    """Keeps series, signals and reports, all of them bounded."""

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Count samples into the stretches of every resolution that they lie in, and forget what is too old."""
        ...

    def samples(
        self, endpoint: str, since: datetime, until: datetime, step_s: int, *, whole: bool = False
    ) -> tuple[Sample, ...]:
        """Return stretches by time; with `whole` only those of the endpoint as a whole."""
        ...

    def note_findings(
        self, endpoint: str, findings: Iterable[Finding], judged: Collection[tuple[str, str]], watched: Collection[str]
    ) -> None:
        """Open, update and close signals.

        Parameters
        ----------
        findings
            Good and bad ones.
        judged
            Ids of deployments and names of what was looked at there: such signals that were not found again are closed.
        watched
            Ids of the deployments that there still are; signals of others are closed.
        """
        ...

    def signals(self, endpoint: str | None = None, *, limit: int = 100) -> tuple[EndpointSignal, ...]:
        """Return signals, those that last first, each by when they were last seen, newest first."""
        ...

    def put_report(self, report: MonitorReport) -> None:
        """Keep a report in place of the deployment's last one."""
        ...

    def reports(self, endpoint: str) -> tuple[MonitorReport, ...]:
        """Return the last report of each deployment that is still watched."""
        ...

    def keep_reports(self, endpoint: str, deployment_ids: Collection[str]) -> None:
        """Forget the reports of all other deployments."""
        ...
