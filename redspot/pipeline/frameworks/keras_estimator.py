"""Keras models as estimators: scikit-learn's methods round a model that the user built."""

from __future__ import annotations

from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from redspot.pipeline.compiled import links
from redspot.pipeline.errors import EstimatorRefusedError, InvalidStepError
from redspot.pipeline.frameworks.keras_training import (
    binary_loss,
    categorical_loss,
    copied,
    gives_probabilities,
    keras_library,
    seeded,
    told_of,
)
from redspot.pipeline.frameworks.networks import Network
from redspot.pipeline.frameworks.progress import Report, reporting
from redspot.pipeline.frameworks.torch_training import ANSWERED_ROWS, Plan


class _KerasEstimator(Network, BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share."""

    redspot_framework: ClassVar[str] = "keras"

    def __init__(
        self,
        model: Any,
        *,
        epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        patience: int | None = 5,
        validation_share: float = 0.1,
        seed: int = 0,
        progress: bool | Report = True,
    ) -> None:
        self.model = model
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.patience, self.validation_share = patience, validation_share
        self.seed, self.progress = seed, progress

    def __sklearn_clone__(self) -> Self:
        # The model is only ever copied, so that all may share it.
        return type(self)(**self.get_params(deep=False))

    def _train(self, inputs: NDArray[np.float32], target: NDArray[Any], outputs: tuple[int, ...], loss_of: Any) -> None:
        who = type(self).__name__
        keras = keras_library(who)
        plan = Plan(
            self.epochs,
            self.batch_size,
            self.learning_rate,
            self.weight_decay,
            self.patience,
            self.validation_share,
            self.seed,
        )
        plan.require_sound(who)
        self._require_model(keras, outputs)
        with seeded(keras, self.seed), reporting(self.progress, who) as report:
            module = copied(keras, self.model)
            order = np.random.default_rng(self.seed).permutation(len(inputs))
            held = min(
                max(round(self.validation_share * len(inputs)), 1 if self.validation_share else 0), len(inputs) - 1
            )
            rows, held_out = order[held:], order[:held]
            module.compile(
                keras.optimizers.AdamW(learning_rate=self.learning_rate, weight_decay=self.weight_decay),
                loss=loss_of(keras, not gives_probabilities(module)),
            )
            told = told_of(keras, self.epochs, report)
            callbacks = [told]
            if held:
                patience = self.epochs if self.patience is None else self.patience
                callbacks.append(
                    keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
                )
            module.fit(
                inputs[rows],
                target[rows],
                epochs=self.epochs,
                batch_size=self.batch_size,
                validation_data=(inputs[held_out], target[held_out]) if held else None,
                callbacks=callbacks,
                verbose=0,
            )
        if not np.isfinite(told.history[-1].loss):
            raise EstimatorRefusedError(
                f"The loss is no number any more after epoch {len(told.history)}; lower learning_rate, or scale() the "
                "inputs."
            )
        self.module_, self.history_ = module, tuple(told.history)

    def _require_model(self, keras: Any, outputs: tuple[int, ...]) -> None:
        who = type(self).__name__
        if not isinstance(self.model, keras.Model) or type(self.model).__name__ not in ("Sequential", "Functional"):
            raise InvalidStepError(
                f"{who} takes a Sequential or functional keras.Model, not {type(self.model).__name__}."
            )
        if not self.model.built:
            raise InvalidStepError(f"{who}: the model has no weights yet; begin it with keras.Input((columns,)).")
        shapes = tuple(self.model.input_shape), tuple(self.model.output_shape)
        if shapes[0] != (None, self.n_features_in_) or len(shapes[1]) != 2 or shapes[1][1] not in outputs:
            raise InvalidStepError(
                f"{who}: the model reads {shapes[0]} and gives {shapes[1]}; here it has to read "
                f"(None, {self.n_features_in_}) and give (None, {' or '.join(map(str, outputs))})."
            )

    def _answer(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        check_is_fitted(self, "module_")
        inputs = self._read(X)
        parts = [
            np.asarray(self.module_.predict_on_batch(inputs[at : at + ANSWERED_ROWS]), dtype=np.float64)
            for at in range(0, len(inputs), ANSWERED_ROWS)
        ]
        return np.concatenate(parts)


class KerasClassifier(ClassifierMixin, _KerasEstimator):  # type: ignore[misc]
    """A Keras model that gives the probability of each class.

    The model gives one number per class, or a single one for two classes; where its last layer is no softmax or
    sigmoid, they are taken for logits. Each fit trains a copy: weights that learn are drawn anew from the seed, and
    those of layers that do not (``Normalization``, ``trainable=False``) are kept.

    Parameters
    ----------
    model
        Sequential or functional ``keras.Model`` that reads one matrix; never changed.
    epochs, batch_size, learning_rate, weight_decay, patience, validation_share, seed, progress
        As of `TorchClassifier`.

    Attributes
    ----------
    classes_
        Labels in the order of the probabilities.
    n_features_in_ : int
        Number of columns.
    module_
        The fitted model.
    history_ : tuple of Epoch
        What happened.

    Raises
    ------
    InvalidStepError
        When a parameter has a value that it cannot have, or the model reads or gives other shapes.
    MissingExtraError
        When Keras is not installed, as soon as it is needed.
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on float64 or float32 of shape (rows, columns) and one label per row.

        Raises
        ------
        EstimatorRefusedError
            When the loss is no number any more.
        InvalidTargetError
            When there is one class only.
        """
        X, y = self._read(X, y)  # noqa: N806
        codes = self._codes(y)
        count = len(self.classes_)
        if count == 2 and tuple(getattr(self.model, "output_shape", ())) == (None, 1):
            self._train(X, codes.astype(np.float32)[:, np.newaxis], (1,), binary_loss)
        else:
            self._train(X, codes.astype(np.int64), (count,) if count > 2 else (1, 2), categorical_loss)
        return self

    def predict(self, X: Any) -> NDArray[np.generic]:  # noqa: N803
        """Return one label per row."""
        return self._labels(self.predict_proba(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, shape (rows, classes)."""
        given = self._answer(X)
        if gives_probabilities(self.module_):
            return np.concatenate([1.0 - given, given], axis=1) if given.shape[1] == 1 else given
        likely = links.probabilities("logit" if given.shape[1] == 1 else "softmax", given)
        return cast("NDArray[np.float64]", likely)


class KerasRegressor(RegressorMixin, _KerasEstimator):  # type: ignore[misc]
    """A Keras model that gives a number.

    It is trained with the squared error of the target, which is brought to mean 0 and deviation 1 for it; the answers
    are in the target's own unit. Parameters, and what may be raised, are those of `KerasClassifier`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    module_
        The fitted model.
    target_mean_, target_scale_ : float
        Mean and deviation of the target.
    history_ : tuple of Epoch
        What happened.
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on float64 or float32 of shape (rows, columns) and one number per row.

        Raises
        ------
        EstimatorRefusedError
            When the loss is no number any more.
        """
        X, y = self._read(X, y, y_numeric=True)  # noqa: N806
        self._train(X, self._scaled(y), (1,), lambda keras, is_logit: keras.losses.MeanSquaredError())
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, one number per row."""
        return self._unscaled(self._answer(X))
