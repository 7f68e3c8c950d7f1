"""Monitors against values worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot
from redspot.serving.monitors import Reference, Severity, Signal, Span, Threshold, Thresholds, Window, carried, watch
from redspot.serving.monitors.thresholds import judged

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CITIES = ["Oslo", "Bergen"]


def event(row: int = 0, **changes: Any) -> dict[str, Any]:
    made = {"row": row, "time": NOON, "version": "1", "status": 200, "latency_us": 1000, "redacted": []}
    given = {**made, "inputs": {"beds": 1.0, "city": "Oslo"}, "outputs": {"prediction": 1.0}, "label": None, **changes}
    texts = {name: None if given[name] is None else json.dumps(given[name]) for name in ("inputs", "outputs", "label")}
    return {**given, **texts}


def window(events: Sequence[Mapping[str, Any]], **options: Any) -> Window:
    return Window.of(events, NOON, NOON + HOUR, **options)


def found(signals: Sequence[Signal], name: str, subject: str = "") -> Signal:
    (signal,) = [signal for signal in signals if (signal.name, signal.subject) == (name, subject)]
    return signal


@pytest.fixture(scope="module")
def prices() -> Pipeline:
    parts = {
        "beds": branch("beds").then(impute("median")),
        "city": branch("city").then(impute("most_frequent")).then(one_hot()),
    }
    # Two equally frequent numbers and texts; one in ten numbers is missing.
    beds = [None if number % 10 == 9 else float(1 + number % 2) for number in range(1000)]
    rows = {"beds": beds, "city": [CITIES[number % 2] for number in range(1000)]}
    return Pipeline(**parts, price=estimate(LinearRegression())).fit(rows, [float(n % 2) for n in range(1000)])


@pytest.fixture(scope="module")
def kinds() -> Pipeline:
    pipeline = Pipeline(beds=branch("beds"), kind=estimate(LogisticRegression()))
    return pipeline.fit({"beds": [1.0, 2.0] * 50}, ["small", "large"] * 50)


def test_what_was_mirrored_is_no_traffic() -> None:
    events = [event(shadow=False), event(shadow=None), event(), event(shadow=True, status=500)]
    assert window(events).statuses.tolist() == [200] * 3
    assert window(events, shadow=True).statuses.tolist() == [500]


def test_traffic(prices: Pipeline) -> None:
    events = [event(latency_us=1000 * number, status=200) for number in range(1, 98)]
    events += [event(1, latency_us=9), event(2, latency_us=9)]
    events += [event(latency_us=98_000, status=500, inputs=None, outputs=None)]
    events += [event(latency_us=1000 * number, status=400, inputs=None, outputs=None) for number in (99, 100, 101)]
    events += [event(time=NOON - HOUR), event(time=NOON + HOUR)]
    signals = watch(window(events), Reference.of(prices))
    values = {signal.name: signal.value for signal in signals if not signal.subject}
    assert values["requests"] == 101
    assert values["rows"] == 99
    assert values["error-share"] == pytest.approx(1 / 101)
    assert values["refusal-share"] == pytest.approx(3 / 101)
    # The latencies are 1 to 101 ms: the quantile q lies at 1 + 100 q.
    assert [values[name] for name in ("p50-ms", "p95-ms", "p99-ms")] == pytest.approx([51, 96, 100])
    assert found(signals, "error-share").severity is Severity.OK
    assert found(signals, "error-share").threshold == 0.01
    strict = Thresholds(error_share=Threshold(0.001, 0.0099), p99_ms=Threshold(90, 200))
    strictly = watch(window(events), Reference.of(prices), strict)
    assert (found(strictly, "error-share").severity, found(strictly, "error-share").threshold) == (2, 0.0099)
    assert (found(strictly, "p99-ms").severity, found(strictly, "p99-ms").threshold) == (1, 90)


def test_a_window_without_requests_has_counts_only(prices: Pipeline) -> None:
    signals = watch(window([]), Reference.of(prices))
    assert {signal.name: signal.value for signal in signals} == {
        "requests": 0,
        "rows": 0,
        "labels": 0,
        "unusable-labels": 0,
    }


def test_inputs(prices: Pipeline) -> None:
    # 200 rows: beds are missing in 80, else 2; cities are Oslo in 100, Rome in 60, missing in 40.
    beds = [None] * 80 + [2.0] * 120
    cities = (["Oslo"] * 100 + ["Rome"] * 60 + [None] * 40)[::-1]
    events = [event(inputs={"beds": b, "city": c}) for b, c in zip(beds, cities, strict=True)]
    signals = watch(window(events), Reference.of(prices))
    missing = found(signals, "missing-share", "beds")
    assert (missing.value, missing.severity) == (0.4, Severity.CRITICAL)
    assert missing.threshold == pytest.approx(0.1 + 0.2)
    assert found(signals, "missing-share", "city").value == 0.2
    unseen = found(signals, "unseen-share", "city")
    assert (unseen.value, unseen.severity) == (60 / 160, Severity.CRITICAL)
    # Training has Oslo and Bergen by half; an empty bin counts as 0.0001.
    shares = [(0.5, 0.5), (0.5, 1e-4), (1e-4, 0.3), (1e-4, 0.2)]
    psi = sum((now - then) * math.log(now / then) for then, now in shares)
    drift = found(signals, "input-drift", "city")
    assert drift.value == pytest.approx(psi)
    assert drift.threshold == pytest.approx(0.25 + 10 * (1 / 200 + 1 / 1000))
    # Of the beds, one is 0.5 of the rows, two are 0.4, missing is 0.1.
    shares = [(0.5, 1e-4), (0.4, 0.6), (0.1, 0.4)]
    psi = sum((now - then) * math.log(now / then) for then, now in shares)
    assert found(signals, "input-drift", "beds").value == pytest.approx(psi)


def test_the_same_inputs_do_not_drift(prices: Pipeline) -> None:
    beds = [None if number % 10 == 9 else float(1 + number % 2) for number in range(200)]
    events = [event(inputs={"beds": each, "city": CITIES[number % 2]}) for number, each in enumerate(beds)]
    signals = watch(window(events), Reference.of(prices))
    assert {signal.severity for signal in signals if signal.subject in ("beds", "city")} == {Severity.OK}
    assert found(signals, "input-drift", "beds").value == pytest.approx(0)


def test_of_few_rows_and_of_redacted_columns_nothing_is_said(prices: Pipeline) -> None:
    few = watch(window([event()] * 99), Reference.of(prices))
    assert not [signal for signal in few if signal.subject]
    inputs = {"beds": 1.0, "city": None}
    signals = watch(window([event(redacted=["city"], inputs=inputs)] * 100), Reference.of(prices))
    assert {signal.subject for signal in signals if signal.name.startswith(("missing", "input"))} == {"beds"}


def test_scores_against_the_parity_set_or_a_first_window(prices: Pipeline, kinds: Pipeline) -> None:
    reference = Reference.of(kinds)
    assert reference.scores is not None
    assert dict(reference.scores["prediction"].top or ()) == {"small": 50, "large": 50}
    likely = {"large": 0.9, "small": 0.1}
    small = {"prediction": "small", "probabilities": {"large": 0.1, "small": 0.9}}
    large = {"prediction": "large", "probabilities": likely}
    mixed = [event(outputs=large, inputs={"beds": 2.0})] * 150 + [event(outputs=small, inputs={"beds": 1.0})] * 50
    signals = watch(window(mixed), reference)
    psi = 0.25 * math.log(0.75 / 0.5) + -0.25 * math.log(0.25 / 0.5)
    drift = found(signals, "score-drift", "prediction")
    assert drift.value == pytest.approx(psi)
    assert drift.threshold == pytest.approx(0.1 + 10 * (1 / 200 + 1 / 100))
    against = watch(window(mixed), Reference.of(kinds, window(mixed)))
    assert found(against, "score-drift", "prediction").value == 0
    assert found(against, "score-drift", "probability").value == pytest.approx(0)
    numbers = [event(outputs={"prediction": float(number)}) for number in range(100)]
    assert found(watch(window(numbers), Reference.of(prices)), "score-drift", "prediction").severity == 2


def test_live_accuracy_is_in_the_metrics_of_the_pipeline(kinds: Pipeline) -> None:
    outputs = {"prediction": "large", "probabilities": {"large": 0.8, "small": 0.2}}
    events = [event(outputs=outputs, label="large" if number < 30 else "small") for number in range(40)]
    events += [event(outputs=outputs)] * 10
    before = {"accuracy": 0.9}
    reference = Reference.of(kinds)
    signals = watch(window(events), Reference(reference.schema, None, None, before))
    assert found(signals, "labels").value == 40
    accuracy = found(signals, "live-metric", "accuracy")
    assert (accuracy.value, accuracy.severity, accuracy.threshold) == (0.75, Severity.CRITICAL, 0.1)
    loss = found(signals, "live-metric", "log_loss")
    assert loss.value == pytest.approx(-0.75 * math.log(0.8) - 0.25 * math.log(0.2))
    assert (loss.severity, loss.threshold) == (Severity.OK, None)
    assert not [s for s in watch(window(events[15:]), reference) if s.name == "live-metric"]


def test_live_metrics_of_numbers(prices: Pipeline) -> None:
    events = [event(outputs={"prediction": float(n)}, label=float(n + (1 if n % 2 else -1))) for n in range(50)]
    events += [event(label="not a number")]
    signals = watch(window(events), Reference.of(prices))
    assert found(signals, "unusable-labels").value == 1
    assert found(signals, "live-metric", "mae").value == pytest.approx(1)
    assert found(signals, "live-metric", "rmse").value == pytest.approx(1)


def test_whole_numbers_are_the_same_class_however_they_are_written() -> None:
    pipeline = Pipeline(beds=branch("beds"), kind=estimate(LogisticRegression()))
    pipeline.fit({"beds": [1.0, 2.0] * 50}, np.array([0, 1] * 50))
    answer = pipeline.predict_one({"beds": 2.0})
    events = [event(outputs=answer, inputs={"beds": 2.0}, label=1.0 if number % 2 else 1) for number in range(40)]
    signals = watch(window(events), Reference.of(pipeline))
    assert found(signals, "live-metric", "accuracy").value == 1


def test_versions_are_told_apart_and_what_cannot_be_read_is_counted() -> None:
    events = [event(version="1"), event(version="2"), event(inputs="x,y", outputs={"predictions": [1]})]
    assert window(events, version="2").rows == 1
    both = window(events)
    assert (both.rows, len(both.inputs)) == (3, 2)
    with pytest.raises(ValueError, match="no time zone"):
        Window.of([], datetime(2026, 1, 1), NOON)


def test_a_signal_remembers_since_when_it_stands() -> None:
    first, second = Span(NOON, NOON + HOUR), Span(NOON + HOUR, NOON + 2 * HOUR)
    limit = Threshold(1, 2)

    def since(before: float, now: float) -> datetime:
        return carried([judged("x", now, limit, second)], [judged("x", before, limit, first)])[0].since

    assert since(1, 1) == NOON
    assert since(2, 1) == NOON
    assert since(1, 2) == NOON + HOUR
    assert since(0, 0) == NOON
    assert since(1, 0) == NOON + HOUR
    assert carried([judged("x", 1, limit, second)], [])[0].since == NOON + HOUR
