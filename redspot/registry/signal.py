"""What is wrong with an endpoint: said once, while it lasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SignalSeverity(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """One number that was looked at, good or bad.

    Attributes
    ----------
    deployment_id, version
        Of the arm; both empty for the endpoint as a whole.
    name
        Such as ``input-drift``.
    subject
        The column, output or metric; empty where there is but one.
    threshold
        What was reached, or would be the first to worry about; None where there is none.
    """

    deployment_id: str
    version: str
    name: str
    subject: str
    severity: SignalSeverity
    value: float
    threshold: float | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same one at different times."""
        return self.deployment_id, self.name, self.subject


@dataclass(frozen=True, slots=True)
class EndpointSignal:
    """A finding that is, or was, bad.

    Attributes
    ----------
    sentence
        What is wrong, for a person.
    first_seen, last_seen
        From when to when it was found (UTC).
    closed_at
        When it was found to be over (UTC); None while it lasts.
    """

    id: str
    endpoint: str
    deployment_id: str
    version: str
    name: str
    subject: str
    severity: SignalSeverity
    value: float
    threshold: float | None
    sentence: str
    first_seen: datetime
    last_seen: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What the monitors last found of one deployment.

    Attributes
    ----------
    source
        ``events``, ``scores`` (what replicas count of their answers) or ``none``.
    rows
        Predictions that were looked at.
    note
        One sentence where something could not be looked at; empty otherwise.
    """

    endpoint: str
    deployment_id: str
    version: str
    at: datetime
    source: str
    rows: int
    note: str
    findings: tuple[Finding, ...]


def worst(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that are bad."""
    return tuple(each for each in findings if each.severity is not SignalSeverity.OK)


_PERCENT = {
    "error-share": "{value} of the requests fail",
    "refusal-share": "{value} of the requests are refused by their caller's fault",
    "refused-share": "No replica answered {value} of the requests",
    "saturation": "{value} of the requests that may be under way are",
    "missing-share": "{value} of {subject} is missing",
    "unseen-share": "{value} of {subject} are values that training has not seen",
}
_MS = {
    "p50-ms": "Half of the answers take more than {value}",
    "p95-ms": "One answer in 20 takes more than {value}",
    "p99-ms": "One answer in 100 takes more than {value}",
}
_PLAIN = {
    "replicas": "{value} of the wanted replicas are ready",
    "input-drift": "{subject} is not distributed as in training: its stability index is {value}",
    "score-drift": "The answers ({subject}) are not distributed as they were: their stability index is {value}",
    "live-metric": "{subject} is down to {value}",
}


def sentence_of(finding: Finding) -> str:
    """Return what a finding says, for a person.

    Examples
    --------
    >>> sentence_of(Finding("d", "m@1", "error-share", "", SignalSeverity.CRITICAL, 0.25, 0.05))
    '25 % of the requests fail (m@1; limit 5 %).'
    """
    form, kind = _PLAIN.get(finding.name, f"{finding.name} is {{value}}"), _plain
    if finding.name in _PERCENT:
        form, kind = _PERCENT[finding.name], _percent
    elif finding.name in _MS:
        form, kind = _MS[finding.name], _milliseconds
    # What a person typed is a value here, never a part of the form.
    said = form.replace("{value}", kind(finding.value)).replace("{subject}", finding.subject)
    facts = [finding.version] if finding.version else []
    if finding.threshold is not None and finding.name != "live-metric":
        facts.append(f"limit {kind(finding.threshold)}")
    return f"{said} ({'; '.join(facts)})." if facts else f"{said}."


def _percent(value: float) -> str:
    return f"{100 * value:.3g} %"


def _milliseconds(value: float) -> str:
    return f"{value:.3g} ms"


def _plain(value: float) -> str:
    return f"{value:.3g}"
