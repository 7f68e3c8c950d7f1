"""Notebooks that tests make."""

from __future__ import annotations

from typing import Any


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"c{abs(hash(source)) % 10**8}",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def notebook(*cells: dict[str, Any] | str) -> dict[str, Any]:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "cells": [cell(each) if isinstance(each, str) else each for each in cells],
    }


PARAMETERS = cell("n: int = 1\nname: str = 'x'", "parameters")

TRAIN = notebook(
    cell("strength: float = 1.0", "parameters"),
    "import redspot\n"
    "from sklearn.linear_model import LogisticRegression\n"
    "from redspot.pipeline import Pipeline, branch, estimate, impute, scale\n"
    "X = {'a': [float(i % 7) if i % 5 else None for i in range(60)], 'b': [float(i % 3) for i in range(60)]}\n"
    "y = ['yes' if i % 7 > 3 else 'no' for i in range(60)]",
    "pipeline = Pipeline(numbers=branch('a', 'b').then(impute('mean')).then(scale()),"
    " answer=estimate(LogisticRegression(C=strength)))\n"
    "pipeline.fit(X, y)\n"
    "metrics = pipeline.evaluate(X, y)\n"
    "redspot.record('rows', [{'row': {'a': 1.0, 'b': None}, 'answer': pipeline.predict_one({'a': 1.0, 'b': None})}])",
)
