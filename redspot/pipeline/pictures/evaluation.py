"""How good a model is, as static tables and curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redspot.pipeline.pictures.curve import Curve, render_curve
from redspot.pipeline.pictures.markup import number, page, share, table, text
from redspot.pipeline.pictures.shape import checked_evaluation

# Metrics of which less is better; the same as in the widget.
_FALLING = frozenset({"log_loss", "brier", "ece", "mae", "rmse", "mse", "mape", "medae"})


def evaluation_html(evaluation: Mapping[str, Any]) -> str:
    """Return metrics, confusion matrix, curves and slices.

    Raises
    ------
    InvalidPictureError
        When it is no evaluation.

    Examples
    --------
    >>> "0.98" in evaluation_html({"task": "binary", "rows": 9, "metrics": {"accuracy": 0.98}})
    True
    """
    data = checked_evaluation(evaluation)
    parts = [
        f'<p class="rsp-faint">{text(data["task"])} · {number(data["rows"])} rows</p><div class="rsp-flex">',
        _metrics(data["metrics"], data.get("intervals") or {}),
    ]
    if data.get("confusion"):
        parts.append(_confusion(**data["confusion"]))
    parts += [f"<div>{render_curve(curve)}</div>" for curve in _curves(data)]
    return page(*parts, "</div>", _slices(data))


def badness(metric: str, value: float) -> float:
    """Return how bad a value is; larger is worse. Of an error with a sign, the distance from zero counts."""
    if "bias" in metric or "error" in metric:
        return abs(value)
    return value if metric in _FALLING else -value


def _metrics(metrics: Mapping[str, float], intervals: Mapping[str, Sequence[float]]) -> str:
    rows = []
    for name, value in metrics.items():
        bounds = " – ".join(number(bound) for bound in intervals.get(name, ()))
        cells = f'<th scope="row">{text(name)}</th><td class="rsp-number">{number(value)}</td>'
        rows.append(f"<tr>{cells}{f'<td>{bounds}</td>' if intervals else ''}</tr>")
    return table(["Metric", "Value", *(["95 % interval"] if intervals else [])], rows)


def _confusion(labels: Sequence[str], counts: Sequence[Sequence[float]]) -> str:
    rows = []
    for truth, row in enumerate(counts):
        total = sum(row) or 1
        cells = "".join(
            f'<td class="rsp-number" style="background:rgba({"58,110,165" if truth == guess else "217,115,13"},'
            f'{0.55 * count / total:.2f})">{number(count)}<br/><span>{share(count / total)}</span></td>'
            for guess, count in enumerate(row)
        )
        rows.append(f'<tr><th scope="row">{text(labels[truth])}</th>{cells}</tr>')
    return table(["true ↓ predicted →", *labels], rows)


def _curves(data: Mapping[str, Any]) -> list[Curve]:
    curves = []
    diagonal = ((0.0, 0.0), (1.0, 1.0))
    if data.get("roc"):
        points = tuple(zip(data["roc"]["fpr"], data["roc"]["tpr"], strict=True))
        curves.append(Curve("ROC", "false positive rate", "true positive rate", points, diagonal))
    if data.get("calibration"):
        bins = [each for each in data["calibration"]["bins"] if each["rows"]]
        points = tuple((each["mean_predicted"], each["fraction"]) for each in bins)
        title = f"Calibration of {data['calibration']['label']}"
        curves.append(Curve(title, "predicted probability", "share that is so", points, diagonal, marked=True))
    if data.get("predicted_actual") and data["predicted_actual"]["predicted"]:
        both = data["predicted_actual"]
        values = [*both["predicted"], *both["actual"]]
        points = tuple(zip(both["predicted"], both["actual"], strict=True))
        ends = ((min(values), min(values)), (max(values), max(values)))
        curves.append(Curve("Predicted and actual", "predicted", "actual", points, ends, marked=True, joined=False))
    if data.get("residuals") and data["residuals"]["counts"]:
        edges, counts = data["residuals"]["edges"], data["residuals"]["counts"]
        outline = [(edges[0], 0.0)]
        for index, count in enumerate(counts):
            outline += [(edges[index], count), (edges[index + 1], count)]
        outline.append((edges[-1], 0.0))
        curves.append(Curve("Residuals", "residual", "rows", tuple(outline), ((edges[0], 0.0), (edges[-1], 0.0))))
    return curves


def _slices(data: Mapping[str, Any]) -> str:
    slices = data.get("slices") or []
    if not slices:
        return ""
    names = [name for name in data["metrics"] if any(name in each["metrics"] for each in slices)]
    worst = {
        name: max(known, key=lambda each: badness(name, each["metrics"][name]))
        for name in names
        if len(known := [each for each in slices if name in each["metrics"]]) > 1
    }
    rows = []
    for each in slices:
        cells = "".join(
            f'<td class="rsp-number{" rsp-worst" if worst.get(name) is each else ""}">'
            f"{number(each['metrics'].get(name))}</td>"
            for name in names
        )
        label = f'<span class="rsp-faint">{text(each["column"])}</span> {text(each["value"])}'
        rows.append(f'<tr><th scope="row">{label}</th><td class="rsp-number">{number(each["rows"])}</td>{cells}</tr>')
    return table(["Slice", "Rows", *names], rows)
