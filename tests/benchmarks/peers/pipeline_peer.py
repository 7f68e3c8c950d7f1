"""The peers' side of the pipeline benchmark; runs in an environment of its own, one measurement per process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Run one measurement and print it as JSON."""
    action, folder = sys.argv[1], Path(sys.argv[2])
    if action == "first":
        first(sys.argv[3], folder)
        return
    actions = {"train": train, "rows": rows, "batch": batch, "fit": fit, "listings": listings}
    result = actions[action](folder, *sys.argv[3:])
    print(json.dumps(result))


def train(folder: Path) -> dict[str, float]:
    """Fit and keep both pipelines, and the same models for ONNX Runtime."""
    import joblib
    import pipeline_data as data
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    frame, target = data.table(20_000)
    # A string imputer whose missing value is NaN has no converter: "" stands for missing instead.
    filled = frame.fillna(dict.fromkeys(data.WORDS, "")).astype(dict.fromkeys(data.WORDS, object))
    types = [(name, FloatTensorType([None, 1])) for name in data.NUMBERS]
    types += [(name, StringTensorType([None, 1])) for name in data.WORDS]
    for kind in ("linear", "trees"):
        joblib.dump(data.sklearn_pipeline(kind).fit(frame, target), folder / f"{kind}.joblib")
        model = data.sklearn_pipeline(kind, absent="").fit(filled, target)
        onnx = to_onnx(model, initial_types=types, options={"zipmap": False})
        (folder / f"{kind}.onnx").write_bytes(onnx.SerializeToString())
    return {}


def rows(folder: Path, kind: str) -> dict[str, float]:
    """Return the median microseconds of one row, through scikit-learn and through ONNX Runtime."""
    import joblib
    import numpy as np
    import onnxruntime
    import pandas as pd
    import pipeline_data as data
    from machine import median, timed

    asked = data.requests(1000)
    model = joblib.load(folder / f"{kind}.joblib")
    frames = [pd.DataFrame([row]).astype(dict.fromkeys(data.NUMBERS, "float64")) for row in asked[:200]]
    turn = iter(range(10**9))
    sklearn_s = median(timed(lambda: model.predict(frames[next(turn) % 200]), 400, warm=20, budget_s=6))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    path = str(folder / f"{kind}.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def ask() -> object:
        row = asked[next(turn) % 1000]
        feed = {
            name: np.array([[float("nan") if row[name] is None else row[name]]], np.float32) for name in data.NUMBERS
        }
        feed.update({name: np.array([[row[name]]], object) for name in data.WORDS})
        return session.run(None, feed)

    onnx_s = median(timed(ask, 5000, warm=100, budget_s=6))
    return {"sklearn_us": sklearn_s * 1e6, "onnx_us": onnx_s * 1e6}


def listings(folder: Path) -> dict[str, float]:
    """Return the median microseconds of one real listing, and seconds for all of them twenty times."""
    import pandas as pd
    import pipeline_data as data
    from machine import median, timed

    frame, target = data.listings()
    model = data.sklearn_listings().fit(frame, target)
    frames = [frame.iloc[[index]] for index in range(200)]
    turn = iter(range(10**9))
    one_s = median(timed(lambda: model.predict(frames[next(turn) % 200]), 300, warm=20, budget_s=6))
    many = pd.concat([frame] * 20, ignore_index=True)
    return {"us": one_s * 1e6, "seconds": median(timed(lambda: model.predict(many), 3))}


def batch(folder: Path, kind: str) -> dict[str, float]:
    """Return seconds and peak memory of one prediction of a million rows."""
    import joblib
    import pipeline_data as data
    from machine import peak_memory_mib

    model = joblib.load(folder / f"{kind}.joblib")
    frame, _ = data.table(1_000_000, seed=8)
    model.predict(frame.iloc[:1000])
    began = time.perf_counter()
    memory = peak_memory_mib(lambda: model.predict(frame))
    return {"seconds": time.perf_counter() - began, "memory_mib": memory}


def fit(folder: Path) -> dict[str, float]:
    """Return seconds of fitting the preprocessing on a million rows."""
    import pipeline_data as data

    frame, _ = data.table(1_000_000, seed=8)
    before = data.sklearn_pipeline("linear")[0]
    began = time.perf_counter()
    before.fit(frame)
    return {"seconds": time.perf_counter() - began}


def first(kind: str, folder: Path) -> None:
    """Import, load and predict one row; the caller measures the whole process."""
    import joblib
    import pandas as pd

    row = json.loads((folder / "row.json").read_text())
    print(joblib.load(folder / f"{kind}.joblib").predict(pd.DataFrame([row]))[0])


if __name__ == "__main__":
    main()
