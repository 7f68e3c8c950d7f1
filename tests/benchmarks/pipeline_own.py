"""Redspot's side of the pipeline benchmark, one measurement per process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))


def main() -> None:
    """Run one measurement and print it as JSON."""
    action, folder = sys.argv[1], Path(sys.argv[2])
    if action == "first":
        first(sys.argv[3], folder)
        return
    actions: dict[str, Any] = {
        "train": train,
        "rows": rows,
        "batch": batch,
        "fit": fit,
        "differences": differences,
        "growth": growth,
        "listings": listings,
    }
    print(json.dumps(actions[action](folder, *sys.argv[3:])))


def pipeline(kind: str) -> Any:
    """Return the pipeline of the work, not fitted."""
    import pipeline_data as data
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale

    model = LogisticRegression(max_iter=200) if kind == "linear" else GradientBoostingClassifier(random_state=0)
    return Pipeline(
        numbers=branch(*data.NUMBERS).then(impute("median")).then(scale()),
        words=branch(*data.WORDS).then(impute("most_frequent")).then(one_hot()),
        model=estimate(model),
    )


def train(folder: Path) -> dict[str, float]:
    """Fit and save both pipelines, and the rows to ask about."""
    import pipeline_data as data

    frame, target = data.table(20_000)
    for kind in ("linear", "trees"):
        pipeline(kind).fit(frame, target).save(folder / f"{kind}.redspot")
    (folder / "row.json").write_text(json.dumps(data.requests(1)[0]))
    return {}


def rows(folder: Path, kind: str) -> dict[str, float]:
    """Return the median microseconds of `predict_one`."""
    import pipeline_data as data
    from machine import median, timed

    from redspot.pipeline import load

    asked = data.requests(1000)
    loaded = load(folder / f"{kind}.redspot")
    turn = iter(range(10**9))
    return {"us": median(timed(lambda: loaded.predict_one(asked[next(turn) % 1000]), 20_000, warm=1000)) * 1e6}


def listings(folder: Path) -> dict[str, float]:
    """Return the median microseconds of one real listing, and seconds for all of them twenty times.

    ``diff`` is the largest relative difference from scikit-learn's own answers, the pipeline being taken over from it
    behind the reading of rates, which scikit-learn has no step for.
    """
    import numpy as np
    import pandas as pd
    import pipeline_data as data
    from machine import median, timed
    from sklearn.linear_model import LogisticRegression

    from redspot.pipeline import Pipeline, branch, estimate

    frame, target = data.listings()
    made = Pipeline(
        numbers=branch(*data.LISTING_NUMBERS).impute().scale(),
        rates=branch(*data.LISTING_RATES).parse_number().impute().scale(),
        words=branch(*data.LISTING_WORDS).impute("most_frequent").one_hot(),
        model=estimate(LogisticRegression(max_iter=1000)),
    ).fit(frame, target)
    asked = frame.head(1000).to_dict("records")
    turn = iter(range(10**9))
    one_s = median(timed(lambda: made.predict_one(asked[next(turn) % 1000]), 10_000, warm=1000))
    many = pd.concat([frame] * 20, ignore_index=True)
    read = frame.assign(**data.read_rates(frame[data.LISTING_RATES]))
    theirs = data.sklearn_listings()
    theirs[0].transformers[1][1].steps.pop(0)
    theirs.fit(read, target)
    taken = Pipeline.from_sklearn(theirs, read)
    difference = np.abs(taken.predict_proba(read) - theirs.predict_proba(read)).max()
    return {
        "us": one_s * 1e6,
        "seconds": median(timed(lambda: made.predict(many), 3)),
        "diff": float(difference),
    }


def batch(folder: Path, kind: str) -> dict[str, float]:
    """Return seconds and peak memory of one prediction of a million rows."""
    import pipeline_data as data
    from machine import peak_memory_mib

    from redspot.pipeline import load

    loaded = load(folder / f"{kind}.redspot")
    frame, _ = data.table(1_000_000, seed=8)
    loaded.predict(frame.iloc[:1000])
    began = time.perf_counter()
    memory = peak_memory_mib(lambda: loaded.predict(frame))
    return {"seconds": time.perf_counter() - began, "memory_mib": memory}


def fit(folder: Path) -> dict[str, float]:
    """Return seconds of fitting the preprocessing on a million rows."""
    import pipeline_data as data

    from redspot.pipeline import Pipeline, branch, impute, one_hot, scale

    frame, _ = data.table(1_000_000, seed=8)
    before = Pipeline(
        numbers=branch(*data.NUMBERS).then(impute("median")).then(scale()),
        words=branch(*data.WORDS).then(impute("most_frequent")).then(one_hot()),
    )
    began = time.perf_counter()
    before.fit(frame)
    return {"seconds": time.perf_counter() - began}


def differences(folder: Path, kind: str) -> dict[str, float]:
    """Return the largest relative differences over 100,000 rows with missing and unseen values.

    ``sklearn``: a pipeline taken over from scikit-learn, compiled, against scikit-learn's own; ``framework``: our own
    pipeline, compiled, against its estimator on the matrix; ``row``: one row at a time against all together.
    """
    import numpy as np
    import pipeline_data as data

    from redspot.pipeline import Pipeline, load

    frame, target = data.table(20_000)
    asked, _ = data.table(100_000, seed=9, unseen=0.02)

    def worst(a: Any, b: Any) -> float:
        return float((np.abs(a - b) / np.maximum(1.0, np.abs(b))).max())

    theirs = data.sklearn_pipeline(kind).fit(frame, target)
    taken = Pipeline.from_sklearn(theirs, frame)
    own = load(folder / f"{kind}.redspot")
    together = own.predict_proba(asked)
    alone = np.array([list(own.predict_one(row)["probabilities"].values()) for row in asked.to_dict("records")])
    classes = float((taken.predict(asked) != theirs.predict(asked)).sum())
    return {
        "sklearn": worst(taken.predict_proba(asked), theirs.predict_proba(asked)),
        "framework": worst(together, own.predict_proba(asked, compiled=False)),
        "row": worst(alone, together),
        "other_classes": classes,
    }


def growth(folder: Path) -> dict[str, float]:
    """Return how time grows: per row with the rows, and of one row with columns and trees; 1 is linear."""
    import numpy as np
    import pipeline_data as data
    from machine import median, timed
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import Ridge

    from redspot.pipeline import Pipeline, branch, estimate, impute, load, scale

    random = np.random.default_rng(0)

    def row_us(columns: int, model: Any) -> float:
        names = [f"x{index}" for index in range(columns)]
        values = {name: random.normal(size=400) for name in names}
        made = Pipeline(x=branch(*names).then(impute()).then(scale()), model=estimate(model))
        made.fit(values, random.normal(size=400))
        row = {name: 0.5 for name in names}
        return median(timed(lambda: made.predict_one(row), 3000, warm=100, budget_s=5)) * 1e6

    trees = [row_us(10, GradientBoostingRegressor(n_estimators=count, random_state=0)) for count in (100, 1000)]
    columns = [row_us(count, Ridge()) for count in (10, 1000)]
    loaded = load(folder / "linear.redspot")
    frame, _ = data.table(1_000_000, seed=8)
    few = frame.iloc[:10_000]
    large_s = median(timed(lambda: loaded.predict(frame), 3))
    small_s = median(timed(lambda: loaded.predict(few), 20))
    return {
        "rows": (large_s / 1_000_000) / (small_s / 10_000),
        "columns": (columns[1] / columns[0]) / 100,
        "trees": (trees[1] / trees[0]) / 10,
    }


def first(kind: str, folder: Path) -> None:
    """Import, load and predict one row; the caller measures the whole process."""
    from redspot.pipeline import load

    row = json.loads((folder / "row.json").read_text())
    print(load(folder / f"{kind}.redspot").predict_one(row)["prediction"])


if __name__ == "__main__":
    main()
