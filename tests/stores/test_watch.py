from __future__ import annotations

from datetime import timedelta

import pytest

from redspot.registry.histogram import Bin
from redspot.registry.series import Sample
from redspot.registry.signal import Finding, MonitorReport, SignalSeverity
from redspot.stores.audit import SqlAuditLog
from redspot.stores.database import Database
from redspot.stores.watch import SqlWatchStore
from tests.clock import SetClock


@pytest.fixture
def store(database: Database) -> SqlWatchStore:
    return SqlWatchStore(database)


def sample(clock: SetClock, requests: int = 10) -> Sample:
    return Sample("e", "d_1", "m@1", clock.now(), 10.0, requests, 1, latency=(Bin(1.0, 2.0, requests),))


def finding(severity: SignalSeverity, value: float = 0.2, deployment_id: str = "d_1") -> Finding:
    return Finding(deployment_id, "m@1", "error-share", "", severity, value, 0.05)


def test_a_minute_of_samples_is_six_fine_stretches_and_one_coarse(store: SqlWatchStore, clock: SetClock) -> None:
    begin = clock.now()
    for _ in range(6):
        store.add_samples([sample(clock)])
        clock.forward(seconds=10)
    until = clock.now()
    assert len(store.samples("e", begin, until, 10)) == 6
    coarse = store.samples("e", begin, until, 600)
    assert sum(each.requests for each in coarse) == 60
    assert sum(each.count for one in coarse for each in one.latency) == 60
    assert store.samples("e", begin, until, 10, whole=True) == ()
    assert store.samples("other", begin, until, 10) == ()


def test_fine_stretches_are_forgotten_after_an_hour_and_coarse_ones_stay(store: SqlWatchStore, clock: SetClock) -> None:
    begin = clock.now()
    store.add_samples([sample(clock)])
    clock.forward(seconds=2 * 3600)
    store.add_samples([sample(clock)])
    until = clock.now() + timedelta(seconds=1)
    assert [len(store.samples("e", begin, until, step)) for step in (10, 60, 600)] == [1, 2, 2]


def test_a_signal_opens_worsens_and_closes_once(store: SqlWatchStore, clock: SetClock, database: Database) -> None:
    opened = clock.now()
    looked = {("d_1", "error-share")}
    for severity in (SignalSeverity.WARNING, SignalSeverity.WARNING, SignalSeverity.CRITICAL):
        store.note_findings("e", [finding(severity)], looked, {"d_1"})
        clock.forward(seconds=60)
    (signal,) = store.signals("e")
    assert (signal.first_seen, signal.severity, signal.closed_at) == (opened, SignalSeverity.CRITICAL, None)
    assert signal.sentence == "20 % of the requests fail (m@1; limit 5 %)."
    store.note_findings("e", [], set(), {"d_1"})  # nobody could look
    assert store.signals("e")[0].closed_at is None
    store.note_findings("e", [finding(SignalSeverity.OK, 0.0)], looked, {"d_1"})
    assert store.signals()[0].closed_at == clock.now()
    actions = [entry.action for entry in SqlAuditLog(database).entries(limit=10)]
    assert actions == ["signal-closed", "signal-updated", "signal-opened"]


def test_signals_of_deployments_that_are_gone_are_closed(store: SqlWatchStore, clock: SetClock) -> None:
    store.note_findings("e", [finding(SignalSeverity.WARNING)], set(), {"d_1"})
    store.note_findings("e", [finding(SignalSeverity.WARNING, deployment_id="d_2")], set(), {"d_2"})
    assert [(each.deployment_id, each.closed_at is None) for each in store.signals("e")] == [
        ("d_2", True),
        ("d_1", False),
    ]


def test_only_the_last_report_of_what_is_still_watched_is_kept(store: SqlWatchStore, clock: SetClock) -> None:
    for rows in (1, 2):
        store.put_report(
            MonitorReport("e", "d_1", "m@1", clock.now(), "events", rows, "", (finding(SignalSeverity.OK),))
        )
    store.put_report(MonitorReport("e", "d_2", "m@2", clock.now(), "none", 0, "No events.", ()))
    assert [(each.deployment_id, each.rows) for each in store.reports("e")] == [("d_1", 2), ("d_2", 0)]
    store.keep_reports("e", {"d_1"})
    assert [each.deployment_id for each in store.reports("e")] == ["d_1"]
