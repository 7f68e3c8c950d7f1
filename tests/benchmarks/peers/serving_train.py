"""Fit the benchmark's scikit-learn pipeline in a peer's environment, and keep it as that peer loads it.

Run as ``serving_train.py PEER FOLDER``; prints as JSON what scikit-learn itself answers for the requests.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Fit, keep, answer."""
    import pandas as pd
    import pipeline_data as data

    peer, folder = sys.argv[1], Path(sys.argv[2])
    frame, target = data.table(20_000)
    model = data.sklearn_pipeline("linear").fit(frame, target)
    if peer == "mlflow":
        import mlflow.sklearn
        from mlflow.models import infer_signature

        # The other formats that MLflow has do not know every type of scikit-learn's.
        mlflow.sklearn.save_model(
            model, str(folder / "model"), signature=infer_signature(frame, target), serialization_format="cloudpickle"
        )
    else:
        import joblib

        joblib.dump(model, folder / "model.joblib")
    if peer == "mlserver":
        settings = {
            "name": "m",
            "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": "./model.joblib"},
        }
        (folder / "model-settings.json").write_text(json.dumps(settings))
    print(json.dumps(model.predict(pd.DataFrame(data.requests(64))).tolist()))


if __name__ == "__main__":
    main()
