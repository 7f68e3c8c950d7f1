"""Graphs to draw."""

from __future__ import annotations

from typing import Any

import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale


@pytest.fixture(scope="session")
def fitted() -> Pipeline:
    """A fitted classifier of penguins, with metrics."""
    penguins: Any = load_penguins()
    pipeline = Pipeline(
        numbers=branch("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
        .then(impute("median"))
        .then(scale()),
        words=branch("island", "sex").then(one_hot()),
        model=estimate(LogisticRegression(max_iter=500)),
    ).fit(penguins, "species")
    pipeline.evaluate(penguins, "species")
    return pipeline


@pytest.fixture
def nested(fitted: Pipeline) -> dict[str, Any]:
    """A description with every optional field: sub-pipelines, columns with ancestors, times, importance."""
    graph = fitted.describe()
    paths = {"numbers": [], "words": [], "numbers_impute": ["prep", "numbers"], "numbers_scale": ["prep", "numbers"]}
    before = {edge["to"]: edge["from"] for edge in graph["edges"]}
    origins = {name: ["sex" if name.startswith("sex") else "island"] for name in graph["nodes"][4]["outputs"]}
    for node in graph["nodes"]:
        node["path"] = paths.get(node["id"], ["prep"] if node["id"] == "words_one_hot" else [])
        node["rows"] = 344
        node["timing"] = {"fit_s": 0.0123, "apply_s": 0.00041} if node["role"] != "source" else None
        node["learned"] = [{"name": "means", "text": "[43.92, 17.15, 200.9, 4202]"}] if "scale" in node["id"] else []
        node["columns"] = [
            {
                "name": name,
                "dtype": "text" if node["id"] == "words" else "float",
                "origins": origins.get(name, [name]),
                "from": []
                if node["role"] == "source"
                else [{"node": before[node["id"]], "column": source} for source in origins.get(name, [name])],
            }
            for name in node["outputs"]
            if node["role"] != "predictor"
        ]
    graph["importance"] = [
        {"column": "bill_length_mm", "value": 0.31, "std": 0.012},
        {"column": "island", "value": 0.09, "std": 0.01},
        {"column": "flipper_length_mm", "value": 0.04, "std": 0.006},
        {"column": "bill_depth_mm", "value": 0.035, "std": 0.004},
        {"column": "body_mass_g", "value": 0.011, "std": 0.003},
        {"column": "sex", "value": -0.002, "std": 0.001},
    ]
    return graph
