"""PyTorch modules as estimators: scikit-learn's methods round a module class and its training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from redspot.pipeline.compiled import links
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.networks import Network
from redspot.pipeline.frameworks.progress import Report, reporting
from redspot.pipeline.frameworks.torch_modules import MODULES, mlp, require_settings
from redspot.pipeline.frameworks.torch_training import Plan, answered, chosen_device, trained


class _TorchEstimator(Network, BaseEstimator):  # type: ignore[misc]
    """What classifier and regressor share."""

    redspot_framework: ClassVar[str] = "torch"

    def __init__(
        self,
        module: Callable[..., Any] = mlp,
        *,
        epochs: int = 50,
        batch_size: int = 256,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        patience: int | None = 5,
        validation_share: float = 0.1,
        device: str = "auto",
        seed: int = 0,
        progress: bool | Report = True,
        **settings: Any,
    ) -> None:
        self.module = module
        self.epochs, self.batch_size = epochs, batch_size
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.patience, self.validation_share = patience, validation_share
        self.device, self.seed, self.progress = device, seed, progress
        self.settings = settings
        self._require_module()

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, with the settings of the module that were given."""
        return {**super().get_params(deep=False), **self.settings}

    def set_params(self, **params: Any) -> Self:
        """Change parameters, or settings of the module.

        Raises
        ------
        InvalidStepError
            For a name that is neither; the message lists those that exist.
        """
        own = self._get_param_names()
        for name, value in params.items():
            if name in own:
                setattr(self, name, value)
            else:
                self.settings = {**self.settings, name: value}
        self._require_module()
        return self

    def _require_module(self) -> None:
        who = type(self).__name__
        if MODULES.address_of(self.module) is None:
            raise InvalidStepError(
                f"{who} takes a module class that is marked with {MODULES.mark}, not {self.module!r}."
            )
        require_settings(self.module, self.settings, self._get_param_names(), who)

    def _train(self, inputs: NDArray[np.float32], target: NDArray[Any], outputs: int, loss: Any) -> None:
        who = type(self).__name__
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
        device = chosen_device(self.device, who)
        self.outputs_ = outputs
        with reporting(self.progress, who) as report:
            self.module_, self.history_ = trained(
                lambda: self._made(device), inputs, target, loss, plan, device, report
            )

    def _made(self, device: Any) -> Any:
        """Return the module with weights drawn at random, after a look at what it gives."""
        import torch

        made = self.module(self.n_features_in_, self.outputs_, **self.settings)
        if not isinstance(made, torch.nn.Module):
            raise InvalidStepError(f"{self.module.__qualname__} gave {type(made).__name__}, and no torch.nn.Module.")
        with torch.inference_mode():
            shape = tuple(made.eval()(torch.zeros((2, self.n_features_in_))).shape)
        if shape != (2, self.outputs_):
            raise InvalidStepError(
                f"{self.module.__qualname__} gave shape {shape} for 2 rows of {self.n_features_in_} columns; "
                f"(2, {self.outputs_}) is needed."
            )
        return made

    def _answer(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        device = chosen_device(self.device, type(self).__name__, must_be_there=False)
        check_is_fitted(self, "module_")
        return answered(self.module_.to(device), self._read(X), device)


class TorchClassifier(ClassifierMixin, _TorchEstimator):  # type: ignore[misc]
    """A PyTorch module that gives the probability of each class.

    The module gives one number per class, or a single one for two classes, and is trained with cross entropy. Inputs
    are rounded to float32; that they have one scale is the pipeline's business, as in ``branch(…).then(scale())``.

    Parameters
    ----------
    module
        Class or function that is marked with `module`; `mlp`, fully connected layers, when it is left out.
    epochs
        Passes over the training rows, at most.
    batch_size, learning_rate, weight_decay
        Of the optimiser, which is AdamW.
    patience
        After so many epochs without a smaller loss on the rows that are held out, training ends; never when None.
    validation_share
        Share of the rows that is held out; the weights that were best on them are kept. With 0, the last are.
    device
        ``auto`` (the first GPU where there is one), ``cpu``, ``cuda`` or ``cuda:N``. A loaded model that was trained on
        a GPU answers on the CPU where there is none.
    seed
        Of first weights, held-out rows, order and dropout. The same seed on the same machine gives the same weights.
    progress
        Whether a line tells how far it is, where somebody watches; or a function that is told of each `Epoch`.
    **settings
        Of the module, such as ``hidden=(64, 32)`` of `mlp`.

    Attributes
    ----------
    classes_
        Labels in the order of the probabilities.
    n_features_in_ : int
        Number of columns.
    module_
        The fitted ``torch.nn.Module``, in evaluation mode.
    history_ : tuple of Epoch
        What happened.

    Raises
    ------
    InvalidStepError
        When a parameter has a value that it cannot have, or a setting is not the module's.
    MissingExtraError
        When PyTorch is not installed, as soon as it is needed.

    Examples
    --------
    >>> model = TorchClassifier(hidden=(8,), epochs=200, learning_rate=0.05, validation_share=0.0, progress=False)
    >>> fitted = model.fit([[-2.0], [-1.0], [1.0], [2.0]], ["low", "low", "high", "high"])
    >>> fitted.predict([[-3.0], [3.0]]).tolist()
    ['low', 'high']
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
        torch = library("torch", "torch", type(self).__name__)
        X, y = self._read(X, y)  # noqa: N806
        codes = self._codes(y)
        functional = torch.nn.functional
        if len(self.classes_) == 2:
            self._train(X, codes.astype(np.float32)[:, np.newaxis], 1, functional.binary_cross_entropy_with_logits)
        else:
            self._train(X, codes.astype(np.int64), len(self.classes_), functional.cross_entropy)
        return self

    def predict(self, X: Any) -> NDArray[np.generic]:  # noqa: N803
        """Return one label per row."""
        return self._labels(self.predict_proba(X))

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, shape (rows, classes)."""
        check_is_fitted(self, "module_")
        likely = links.probabilities("logit" if self.outputs_ == 1 else "softmax", self._answer(X))
        return cast("NDArray[np.float64]", likely)


class TorchRegressor(RegressorMixin, _TorchEstimator):  # type: ignore[misc]
    """A PyTorch module that gives a number.

    It is trained with the squared error of the target, which is brought to mean 0 and deviation 1 for it; the answers
    are in the target's own unit. Parameters, and what may be raised, are those of `TorchClassifier`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns.
    module_
        The fitted ``torch.nn.Module``, in evaluation mode.
    target_mean_, target_scale_ : float
        Mean and deviation of the target.
    history_ : tuple of Epoch
        What happened.

    Examples
    --------
    >>> model = TorchRegressor(hidden=(), epochs=300, learning_rate=0.05, validation_share=0.0, progress=False)
    >>> fitted = model.fit([[0.0], [1.0], [2.0]], [100.0, 200.0, 300.0])
    >>> round(fitted.predict([[1.5]]).item(), -1)
    250.0
    """

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on float64 or float32 of shape (rows, columns) and one number per row.

        Raises
        ------
        EstimatorRefusedError
            When the loss is no number any more.
        """
        torch = library("torch", "torch", type(self).__name__)
        X, y = self._read(X, y, y_numeric=True)  # noqa: N806
        self._train(X, self._scaled(y), 1, torch.nn.functional.mse_loss)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Return float64, one number per row."""
        check_is_fitted(self, "module_")
        return self._unscaled(self._answer(X))
