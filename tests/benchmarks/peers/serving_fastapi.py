"""The endpoint that people write by hand: FastAPI with typed rows, joblib and pandas."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pipeline_data as data
from fastapi import FastAPI
from pydantic import BaseModel, create_model

model = joblib.load(Path(os.environ["MODEL_FOLDER"]) / "model.joblib")
numbers: dict[str, Any] = dict.fromkeys(data.NUMBERS, (float | None, None))
words: dict[str, Any] = dict.fromkeys(data.WORDS, (str | None, None))
Row = create_model("Row", **numbers, **words)


class Asked(BaseModel):
    """Some rows."""

    rows: list[Row]  # type: ignore[valid-type]


app = FastAPI()


@app.get("/health")
def health() -> dict[str, bool]:
    """Tell that the server is there."""
    return {"ready": True}


# Without annotations that are texts, since FastAPI reads them before Asked is known.
async def predict(asked):  # type: ignore[no-untyped-def]
    """Answer rows on the event loop, which is faster here than FastAPI's threads."""
    frame = pd.DataFrame([row.model_dump() for row in asked.rows])
    return {"predictions": model.predict(frame).tolist()}


predict.__annotations__ = {"asked": Asked, "return": dict[str, list[int]]}
app.post("/predict")(predict)
