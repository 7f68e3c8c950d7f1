"""Series, signals and reports in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from redspot.ids import new_id
from redspot.registry.series import RESOLUTIONS, Sample, begin_of
from redspot.registry.signal import EndpointSignal, Finding, MonitorReport, SignalSeverity, sentence_of, worst
from redspot.stores import audit
from redspot.stores.codec import from_json, to_json
from redspot.stores.database import Database
from redspot.stores.tables import ReportRow, SampleRow, SignalRow

_SIGNALS_KEPT = timedelta(days=30)
_SUBJECT_CHARS = 255


class SqlWatchStore:
    """Keeps what is known of endpoints that are watched; see the port `redspot.registry.watch_store.WatchStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_samples(self, samples: Iterable[Sample]) -> None:
        """Count samples into the stretches of every resolution that they lie in, and forget what is too old."""
        rows: dict[tuple[str, str, int, datetime], Sample] = {}
        for sample in samples:
            for each in RESOLUTIONS:
                begin = begin_of(sample.at, each.step_s)
                key = sample.endpoint, sample.deployment_id, each.step_s, begin
                moved = replace(sample, at=begin)
                rows[key] = rows[key].joined(moved) if key in rows else moved
        now = self._database.clock.now()
        with self._database.write() as session:
            known = self._known(session, rows)
            for key, sample in rows.items():
                row = known.get(key)
                if row is None:
                    endpoint, deployment_id, step_s, at = key
                    made = SampleRow(endpoint=endpoint, deployment_id=deployment_id, step_s=step_s, at=at)
                    made.counts = to_json(sample)
                    session.add(made)
                else:
                    row.counts = to_json(from_json(Sample, row.counts).joined(sample))
            for each in RESOLUTIONS:
                oldest = now - timedelta(seconds=each.keep_s)
                session.execute(delete(SampleRow).where(SampleRow.step_s == each.step_s, SampleRow.at < oldest))

    def samples(
        self, endpoint: str, since: datetime, until: datetime, step_s: int, *, whole: bool = False
    ) -> tuple[Sample, ...]:
        """Return stretches by time; with `whole` only those of the endpoint as a whole."""
        query = select(SampleRow).where(
            SampleRow.endpoint == endpoint,
            SampleRow.step_s == step_s,
            SampleRow.at >= begin_of(since, step_s),
            SampleRow.at < until,
        )
        if whole:
            query = query.where(SampleRow.deployment_id == "")
        with self._database.read() as session:
            rows = session.scalars(query.order_by(SampleRow.at, SampleRow.deployment_id))
            return tuple(from_json(Sample, row.counts) for row in rows)

    def note_findings(
        self, endpoint: str, findings: Iterable[Finding], judged: Collection[tuple[str, str]], watched: Collection[str]
    ) -> None:
        """Open, update and close signals."""
        now = self._database.clock.now()
        bad = {each.key: each for each in worst(findings)}
        with self._database.write() as session:
            query = select(SignalRow).where(SignalRow.endpoint == endpoint, SignalRow.closed_at.is_(None))
            lasting = {(row.deployment_id, row.name, row.subject): row for row in session.scalars(query)}
            for key, finding in bad.items():
                row = lasting.get((key[0], key[1], key[2][:_SUBJECT_CHARS]))
                if row is None:
                    row = _opened(endpoint, finding, now)
                    session.add(row)
                    _note(session, row, "signal-opened", now)
                elif row.severity != finding.severity:
                    row.severity = finding.severity
                    _note(session, row, "signal-updated", now)
                row.value, row.threshold, row.last_seen = finding.value, finding.threshold, now
                row.sentence = sentence_of(finding)
            found = {(key[0], key[1], key[2][:_SUBJECT_CHARS]) for key in bad}
            for known, row in lasting.items():
                is_over = (row.deployment_id, row.name) in judged and known not in found
                if is_over or row.deployment_id not in watched:
                    row.closed_at = now
                    _note(session, row, "signal-closed", now)
            session.execute(delete(SignalRow).where(SignalRow.closed_at < now - _SIGNALS_KEPT))

    def signals(self, endpoint: str | None = None, *, limit: int = 100) -> tuple[EndpointSignal, ...]:
        """Return signals, those that last first, each by when they were last seen, newest first."""
        query = select(SignalRow).order_by(
            SignalRow.closed_at.is_not(None), SignalRow.last_seen.desc(), SignalRow.id.desc()
        )
        if endpoint is not None:
            query = query.where(SignalRow.endpoint == endpoint)
        with self._database.read() as session:
            return tuple(map(_signal, session.scalars(query.limit(limit))))

    def put_report(self, report: MonitorReport) -> None:
        """Keep a report in place of the deployment's last one."""
        with self._database.write() as session:
            row = session.get(ReportRow, (report.endpoint, report.deployment_id))
            if row is None:
                row = ReportRow(endpoint=report.endpoint, deployment_id=report.deployment_id)
                session.add(row)
            row.report = to_json(report)

    def reports(self, endpoint: str) -> tuple[MonitorReport, ...]:
        """Return the last report of each deployment that is still watched."""
        query = select(ReportRow).where(ReportRow.endpoint == endpoint).order_by(ReportRow.deployment_id)
        with self._database.read() as session:
            return tuple(from_json(MonitorReport, row.report) for row in session.scalars(query))

    def keep_reports(self, endpoint: str, deployment_ids: Collection[str]) -> None:
        """Forget the reports of all other deployments."""
        where = (ReportRow.endpoint == endpoint, ReportRow.deployment_id.not_in(deployment_ids))
        with self._database.write() as session:
            session.execute(delete(ReportRow).where(*where))

    def _known(
        self, session: Session, keys: Collection[tuple[str, str, int, datetime]]
    ) -> dict[tuple[str, str, int, datetime], SampleRow]:
        moments = {(step_s, at) for _, _, step_s, at in keys}
        if not moments:
            return {}
        query = select(SampleRow).where(
            or_(*((SampleRow.step_s == step) & (SampleRow.at == at) for step, at in moments))
        )
        return {(row.endpoint, row.deployment_id, row.step_s, row.at): row for row in session.scalars(query)}


def _opened(endpoint: str, finding: Finding, now: datetime) -> SignalRow:
    return SignalRow(
        id=new_id("s"),
        endpoint=endpoint,
        deployment_id=finding.deployment_id,
        version=finding.version,
        name=finding.name,
        subject=finding.subject[:_SUBJECT_CHARS],
        severity=finding.severity,
        first_seen=now,
        sentence=sentence_of(finding),
    )


def _note(session: Session, row: SignalRow, action: str, now: datetime) -> None:
    audit.note(session, now, "redspot", action, row.endpoint, signal=row.id, severity=row.severity, what=row.sentence)


def _signal(row: SignalRow) -> EndpointSignal:
    return EndpointSignal(
        row.id,
        row.endpoint,
        row.deployment_id,
        row.version,
        row.name,
        row.subject,
        SignalSeverity(row.severity),
        row.value,
        row.threshold,
        row.sentence,
        row.first_seen,
        row.last_seen,
        row.closed_at,
    )
