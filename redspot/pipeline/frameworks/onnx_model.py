"""ONNX models as predictors: there is nothing to learn, and onnxruntime answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from redspot.pipeline.column import Table, listed
from redspot.pipeline.compiled import links
from redspot.pipeline.errors import (
    EstimatorRefusedError,
    InvalidStepError,
    InvalidTargetError,
    PipelineFileNotFoundError,
)
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.onnx_file import OnnxFacts, Port, read_onnx
from redspot.pipeline.frameworks.onnx_inputs import inputs_of
from redspot.pipeline.learned import Task
from redspot.pipeline.node import require_choice

_INTEGERS = ("int64", "int32", "uint8", "int8", "uint16", "int16", "uint32", "uint64", "bool")
_CLOSE = 1e-3


class OnnxModel(BaseEstimator):  # type: ignore[misc]
    """A model that exists, in a pipeline.

    It reads one matrix of all columns side by side, or one input for each column by its name. Fitting the pipeline fits
    the steps before it; the model itself stays as it is.

    Parameters
    ----------
    model
        Path of an ``.onnx`` file, or its bytes.
    task
        ``classification`` or ``regression``; when None, the outputs say: labels, or several numbers per row, are a
        classification.
    classes
        Labels in the order of the model's probabilities. When None, those that the model itself names, or else those of
        the target, sorted.
    scores
        What several numbers per row are: ``probabilities``, or ``logits``, which become probabilities here.
    allows_missing
        Whether missing values may reach the model, as NaN.
    threads
        How many threads answer one call.

    Attributes
    ----------
    classes_
        Labels in the order of the probabilities; only of a classification, after `fit`.
    n_features_in_ : int
        Number of columns, after `fit`.

    Raises
    ------
    PipelineFileNotFoundError
        When there is no such file.
    UntrustedPipelineError, CorruptPipelineError
        When the model refers to other files, has operators of others, is too new, or is damaged.
    MissingExtraError
        When onnxruntime is not installed, as soon as it is needed.
    """

    redspot_framework: ClassVar[str] = "onnx"

    def __init__(
        self,
        model: str | os.PathLike[str] | bytes,
        *,
        task: Task | None = None,
        classes: Sequence[Any] | None = None,
        scores: Literal["probabilities", "logits"] = "probabilities",
        allows_missing: bool = False,
        threads: int = 1,
    ) -> None:
        self.model, self.task, self.classes = model, task, classes
        self.scores, self.allows_missing, self.threads = scores, allows_missing, threads

    def __sklearn_clone__(self) -> OnnxModel:
        return type(self)(**self.get_params(deep=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self._task == "classification" else "regressor"
        tags.input_tags.allow_nan = self.allows_missing
        tags.target_tags.required = self._task == "classification" and self._known_labels is None
        return tags

    @cached_property
    def data(self) -> bytes:
        """The bytes of the model."""
        if isinstance(self.model, bytes | bytearray):
            return bytes(self.model)
        try:
            return Path(self.model).read_bytes()
        except FileNotFoundError as error:
            raise PipelineFileNotFoundError(f"There is no file {os.fspath(self.model)!r}.") from error

    @cached_property
    def facts(self) -> OnnxFacts:
        """What the model says of itself."""
        return read_onnx(self.data)

    def set_params(self, **params: Any) -> Self:
        """Change parameters, as scikit-learn does."""
        for name in ("data", "facts", "_session"):
            self.__dict__.pop(name, None)
        super().set_params(**params)
        return self

    @property
    def _task(self) -> Task:
        if self.task is not None:
            require_choice("OnnxModel", "task", self.task, ("classification", "regression"))
            return self.task
        if self.classes is not None or self._label is not None:
            return "classification"
        scores = self._scores
        is_wide = scores is not None and (scores.element == "maps" or (scores.shape or (None,))[-1] not in (None, 1))
        return "classification" if is_wide and scores is not None and len(scores.shape or "??") > 1 else "regression"

    @property
    def _label(self) -> Port | None:
        found = [port for port in self.facts.outputs if port.element == "text" or port.element in _INTEGERS]
        return found[0] if found else None

    @property
    def _scores(self) -> Port | None:
        found = [port for port in self.facts.outputs if port.element in ("float32", "float64", "maps")]
        return found[0] if found else None

    @property
    def _known_labels(self) -> NDArray[np.generic] | None:
        labels = self.facts.labels if self.classes is None else self.classes
        return None if labels is None else np.array(list(labels))

    def _has_probabilities(self) -> bool:
        return self._task == "classification" and self._scores is not None

    def fit(self, table: Table, target: NDArray[np.generic] | None = None) -> Self:
        """Check that the model reads these columns and answers for each row.

        Raises
        ------
        EstimatorRefusedError
            When it does not.
        InvalidTargetError
            When the target has labels that it does not know.
        """
        require_choice("OnnxModel", "scores", self.scores, ("probabilities", "logits"))
        if type(self.threads) is not int or self.threads < 1:
            raise InvalidStepError(f"OnnxModel: threads is a whole number from 1, not {self.threads!r}.")
        self.n_features_in_ = len(table.columns)
        if self._task == "classification":
            self.classes_ = self._classes(target)
        first = table.columns if table.rows <= 2 else tuple(column.at(np.arange(2)) for column in table.columns)
        sample = Table(first, min(table.rows, 2))
        self.predict(sample)
        if self._has_probabilities():
            self.predict_proba(sample)
        return self

    def predict(self, table: Table) -> NDArray[np.generic]:
        """Return one label or float64 number per row."""
        if self._task == "regression":
            values = self._run(table, [self._port(self._scores or self._label)])[0]
            return self._flat(values, table.rows)
        label = self._label
        if self._scores is not None and (label is None or self.facts.labels is None):
            return np.asarray(self.classes_[links.first_of_top(self.predict_proba(table))])
        given = np.asarray(self._run(table, [self._port(label)])[0]).reshape(-1)
        if self.facts.labels is None or self.classes is None:
            return np.asarray(given.astype(self.classes_.dtype))
        # Labels that were given take the place of the model's own.
        places = {name: index for index, name in enumerate(self.facts.labels)}
        return np.asarray(self.classes_[[places[name] for name in given.tolist()]])

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, table: Table) -> NDArray[np.float64]:
        """Return float64, shape (rows, classes).

        Raises
        ------
        EstimatorRefusedError
            When the model gives another number of them, or what are no probabilities.
        """
        port = self._port(self._scores)
        given = self._run(table, [port])[0]
        if port.element == "maps":
            names = list(self.facts.labels or self.classes_.tolist())
            given = np.array([[row[name] for name in names] for row in given], dtype=np.float64)
        likely = np.asarray(given, dtype=np.float64).reshape(table.rows, -1)
        wanted = len(self.classes_)
        if self.scores == "logits":
            found = links.probabilities("logit" if likely.shape[1] == 1 else "softmax", likely)
            likely = cast("NDArray[np.float64]", found)
        elif likely.shape[1] == 1 and wanted == 2:
            likely = np.concatenate([1.0 - likely, likely], axis=1)
        if likely.shape[1] != wanted:
            raise EstimatorRefusedError(
                f"The ONNX model gives {likely.shape[1]} numbers per row, and there are {wanted} classes."
            )
        if (likely < -_CLOSE).any() or (np.abs(likely.sum(axis=1) - 1.0) > _CLOSE).any():
            raise EstimatorRefusedError(
                "The ONNX model gives numbers that are no probabilities; say scores='logits' where they are logits."
            )
        return likely

    def _classes(self, target: NDArray[np.generic] | None) -> NDArray[np.generic]:
        known = self._known_labels
        if known is None:
            if target is None:
                raise InvalidTargetError("The ONNX model names no classes: give a target, or OnnxModel(…, classes=…).")
            known = np.unique(target)
        if len(set(known.tolist())) != len(known) or len(known) < 2:
            raise InvalidStepError(f"OnnxModel: classes are two or more, each once, not {listed(map(str, known))}.")
        strange = [] if target is None else sorted(set(target.tolist()) - set(known.tolist()), key=str)
        if strange:
            raise InvalidTargetError(
                f"The target has {listed(map(str, strange))}, and the ONNX model knows {listed(map(str, known))}; "
                "OnnxModel(…, classes=…) gives its classes other labels."
            )
        return known

    # -- running ------------------------------------------------------------------------------------

    @cached_property
    def _session(self) -> Any:
        # Before the runtime sees the bytes, they are read here.
        _ = self.facts
        runtime = library("onnxruntime", "onnx", "OnnxModel")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # A thread that waits for work would keep a core busy.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return runtime.InferenceSession(self.data, options, providers=["CPUExecutionProvider"])
        # The runtime has an exception for each kind of failure, and no root for them.
        except Exception as error:
            raise EstimatorRefusedError(f"onnxruntime cannot load the model: {error}") from error

    def _run(self, table: Table, ports: Sequence[Port]) -> list[Any]:
        given = inputs_of(self.facts, table, allow_missing=self.allows_missing)
        fixed = {port.shape[0] for port in self.facts.inputs if port.shape and port.shape[0] is not None}
        size = fixed.pop() if fixed else table.rows
        if fixed or size not in (1, table.rows):
            raise EstimatorRefusedError(
                f"The ONNX model reads exactly {size} rows at a time; export it with a first dimension that is open."
            )
        names, session = [port.name for port in ports], self._session
        parts = []
        for start in range(0, table.rows, max(size, 1)):
            piece = {name: values[start : start + size] for name, values in given.items()}
            try:
                parts.append(session.run(names, piece))
            # The same: an exception for each kind of failure.
            except Exception as error:
                raise EstimatorRefusedError(f"The ONNX model cannot answer: {error}") from error
        if len(parts) == 1:
            return list(parts[0])
        return [
            np.concatenate(each) if isinstance(each[0], np.ndarray) else list(chain.from_iterable(each))
            for each in zip(*parts, strict=True)
        ]

    def _port(self, port: Port | None) -> Port:
        if port is None:
            raise EstimatorRefusedError(
                f"The ONNX model gives neither numbers nor labels, but {listed(p.element for p in self.facts.outputs)}."
            )
        return port

    def _flat(self, values: Any, rows: int) -> NDArray[np.generic]:
        numbers = np.asarray(values, dtype=np.float64)
        if numbers.size != rows:
            raise EstimatorRefusedError(
                f"The ONNX model gives shape {numbers.shape} for {rows} rows; a regression is one number per row."
            )
        return cast("NDArray[np.generic]", numbers.reshape(rows))
