"""The same endpoint as a BentoML service with one worker."""

import os
from pathlib import Path

import bentoml
import joblib
import pandas as pd


@bentoml.service(workers=1)
class Model:
    """The model behind one method."""

    def __init__(self) -> None:
        self.model = joblib.load(Path(os.environ["MODEL_FOLDER"]) / "model.joblib")

    @bentoml.api
    def predict(self, rows: pd.DataFrame) -> list[int]:
        """Answer rows."""
        return self.model.predict(rows).tolist()
