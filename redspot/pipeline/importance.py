"""Which raw columns the predictions rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import UnsupportedImportanceError
from redspot.pipeline.evaluation.evaluating import judge
from redspot.pipeline.evaluation.metrics import HEADLINES, gain, metrics, require_metric
from redspot.pipeline.rows import readable, take

if TYPE_CHECKING:
    from redspot.pipeline.pipeline import Pipeline

Kind = Literal["permutation", "native"]

_MAX_BARS = 30
_ROW, _BARS, _LABELS = 20, 240, 190


@dataclass(frozen=True, eq=False, repr=False)
class Importance(Mapping[str, float]):
    """How much predictions rest on each raw column, most first.

    Attributes
    ----------
    kind
        ``permutation``: by how much the metric gets worse when the values of the column are shuffled.
        ``native``: the column's share of the estimator's own weights.
    means, std
        By column: the mean over the repeats and their standard deviation; ``native`` has no repeats.
    metric, baseline
        Of ``permutation``: what was measured, and its value on the data as they are.
    """

    kind: Kind
    means: Mapping[str, float]
    std: Mapping[str, float] = field(default_factory=dict)
    metric: str | None = None
    baseline: float | None = None

    def __getitem__(self, column: str) -> float:
        return self.means[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self.means)

    def __len__(self) -> int:
        return len(self.means)

    def __repr__(self) -> str:
        shown = ", ".join(f"{column} {value:.4g}" for column, value in self.items())
        return f"Importance({self.kind}: {shown})"

    def to_json(self) -> list[dict[str, Any]]:
        """Return columns with values and standard deviations as JSON, most important first."""
        return [{"column": column, "value": value, "std": self.std.get(column, 0.0)} for column, value in self.items()]

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.render_svg()}</div>'

    def render_svg(self) -> str:
        """Return bars as an SVG picture; it loads nothing and takes the colours of the page round it."""
        shown = list(self.items())[:_MAX_BARS]
        largest = max((abs(value) for _, value in shown), default=0.0) or 1.0
        height, width = _ROW * len(shown) + 8, _LABELS + _BARS + 70
        sentence = "Importance: " + ", ".join(f"{column} {value:.3g}" for column, value in shown)
        bars = "".join(_bar(index, column, value, largest) for index, (column, value) in enumerate(shown))
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="rsp-importance" role="img" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" style="max-width:100%;height:auto" font-size="12" fill="currentColor">'
            f"<title>{escape(sentence)}</title>{bars}</svg>"
        )


def importance(
    pipeline: Pipeline,
    X: object,  # noqa: N803  scikit-learn's name
    y: object = None,
    *,
    repeats: int = 5,
    seed: int = 0,
    kind: Kind = "permutation",
    metric: str | None = None,
) -> Importance:
    """Return how much the predictions of a fitted pipeline rest on each raw column.

    Parameters
    ----------
    pipeline
        A fitted classifier or regressor.
    X, y
        Rows and their true values, best those that training has not seen; `y` may name a column of `X`.
        ``native`` reads neither.
    repeats, seed
        Of ``permutation``: how often each column is shuffled, and from which seed. The shuffling of a column depends
        on its place among the pipeline's columns, and not on the other columns.
    kind
        ``permutation`` shuffles one raw column at a time and tells by how much the metric gets worse: positive when
        the column helps, about zero when it does not. Two columns that say the same share what they are worth.
        ``native`` takes the estimator's ``feature_importances_``, or the absolute values of its ``coef_`` (their mean
        over classes), and adds them up by raw column; a feature that was computed from several columns is split
        evenly among them. They are shares of 1. Coefficients compare only where the features have one scale.
    metric
        Of ``permutation``: any metric that `evaluate` gives; when None ``accuracy`` or ``r2``.

    Raises
    ------
    UnsupportedImportanceError
        For ``native``, when the estimator has no such weights, or another number of them than features.
    UnknownMetricError
        When there is no such metric on the data.
    """
    if kind == "native":
        return _native(pipeline)
    if kind != "permutation":
        raise UnsupportedImportanceError(f"There is no importance {kind!r}; there are 'permutation', 'native'.")
    if repeats < 1:
        raise UnsupportedImportanceError(f"A column is shuffled once or more, not {repeats} times.")
    frame, truth = pipeline.rows_and_truth(X, y)
    columns = readable(frame, pipeline.columns)
    outcome = judge(pipeline, columns, truth)
    found = metrics(outcome)
    name = require_metric(metric or HEADLINES[outcome.task], found)
    losses: dict[str, NDArray[np.float64]] = {}
    for place, column in enumerate(columns):
        drops = []
        for repeat in range(repeats):
            shuffled = np.random.default_rng([seed, place, repeat]).permutation(frame.rows)
            changed = {**columns, column: take(columns[column], shuffled)}
            after = metrics(judge(pipeline, changed, truth))
            # The truth stays, so only a precision without any positive answer can become undefined: nothing is lost.
            drops.append(-gain(name, found[name], after.get(name, found[name])))
        losses[column] = np.array(drops)
    ordered = sorted(losses, key=lambda column: -float(losses[column].mean()))
    return Importance(
        "permutation",
        {column: float(losses[column].mean()) for column in ordered},
        {column: float(losses[column].std()) for column in ordered},
        name,
        found[name],
    )


def _native(pipeline: Pipeline) -> Importance:
    predictor = pipeline.graph.predictor
    if predictor is None:
        raise UnsupportedImportanceError("Only a pipeline that predicts has importances of its own.")
    estimator = pipeline.learned(predictor.name)["estimator"]
    if hasattr(estimator, "feature_importances_"):
        weights = np.asarray(estimator.feature_importances_, dtype=np.float64)
    elif hasattr(estimator, "coef_"):
        weights = np.abs(np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))).mean(axis=0)
    else:
        raise UnsupportedImportanceError(
            f"{type(estimator).__name__} has neither feature_importances_ nor coef_; use kind='permutation'."
        )
    origins = _origins(pipeline, predictor.inputs)
    if len(origins) != len(weights):
        raise UnsupportedImportanceError(
            f"{type(estimator).__name__} has {len(weights)} weights for {len(origins)} features; "
            "use kind='permutation'."
        )
    totals = dict.fromkeys(pipeline.columns, 0.0)
    whole = float(weights.sum()) or 1.0
    for columns, weight in zip(origins, weights.tolist(), strict=True):
        for column in columns:
            totals[column] += weight / whole / len(columns)
    ordered = sorted(totals, key=lambda column: -totals[column])
    return Importance("native", {column: totals[column] for column in ordered})


def _origins(pipeline: Pipeline, parts: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the raw columns behind each feature that the parts give, in order."""
    sources = {source.name: source for source in pipeline.graph.sources}
    origins: list[tuple[str, ...]] = []
    for part in parts:
        if part in sources:
            origins += [(column,) for column in sources[part].columns]
        else:
            origins += [feature.columns for feature in pipeline.features(part)]
    return origins


def _bar(index: int, column: str, value: float, largest: float) -> str:
    top, length = _ROW * index + 4, max(1.0, abs(value) / largest * _BARS)
    label = column if len(column) <= 26 else f"{column[:25]}…"
    # A bar of a column that does harm is only an outline.
    paint = 'fill-opacity="0.6"' if value >= 0 else 'fill="none" stroke="currentColor" stroke-opacity="0.6"'
    return (
        f'<text x="{_LABELS - 8}" y="{top + 12}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{_LABELS}" y="{top}" width="{length:.1f}" height="{_ROW - 6}" rx="2" {paint}/>'
        f'<text x="{_LABELS + length + 6:.1f}" y="{top + 12}">{value:.3g}</text>'
    )
