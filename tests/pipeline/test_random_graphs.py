"""Graphs drawn at random, on rows drawn at random: one row, many rows, the framework and the file agree."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from redspot.pipeline import Branch, Pipeline, branch, estimate, every, explain, join, loads, target
from tests.pipeline.random_graphs import COLUMNS, ROWS, Row, graphs

SLOW = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
)
