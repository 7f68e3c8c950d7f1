"""Module classes of PyTorch that a pipeline file may name, and the one that Redspot brings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from redspot.pipeline.addresses import Address, Marked
from redspot.pipeline.column import listed
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.frameworks.libraries import library

M = TypeVar("M", bound=Callable[..., Any])

ACTIVATIONS: Mapping[str, str] = {"gelu": "GELU", "relu": "ReLU", "sigmoid": "Sigmoid", "tanh": "Tanh"}
_MARK = "__redspot_module__"


def _address(found: Any) -> Address | None:
    # A subclass inherits the mark of its parent, and is not marked by that.
    marked = getattr(found, "__dict__", {}).get(_MARK)
    return marked if isinstance(marked, tuple) else None


MODULES = Marked(
    "module",
    "@redspot.pipeline.module",
    "redspot.modules",
    _address,
    own=frozenset({"redspot.pipeline.frameworks.torch_modules:mlp"}),
)


def _settings_of(target: Callable[..., Any]) -> tuple[str, ...] | None:
    """Return the names of a module's settings; None when it takes any."""
    kinds = inspect.Parameter
    parameters = list(inspect.signature(target).parameters.values())
    placed = [p for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)]
    if len(placed) < 2 and not any(p.kind is kinds.VAR_POSITIONAL for p in parameters):
        raise InvalidStepError(f"@module: {target.__qualname__} is called with inputs and outputs; it takes neither.")
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters):
        return None
    named = [*placed[2:], *(p for p in parameters if p.kind is kinds.KEYWORD_ONLY)]
    return tuple(p.name for p in named)


def module(target: M) -> M:
    """Mark a subclass of ``torch.nn.Module``, or a function that returns one, so that `TorchClassifier` can use it.

    It is called as ``Net(inputs, outputs, **settings)``: numbers of columns and of outputs, and settings of its own,
    which JSON must have a word for. It takes float32 of shape (rows, inputs) and gives (rows, outputs). A saved
    pipeline holds its weights and refers to it by module and name; it loads again only from a module that the caller
    trusts, or as an entry point ``redspot.modules``.

    Raises
    ------
    InvalidStepError
        When it cannot be called so.

    Examples
    --------
    >>> @module
    ... def wide(inputs, outputs, *, units=128):
    ...     from torch import nn
    ...     return nn.Sequential(nn.Linear(inputs, units), nn.ReLU(), nn.Linear(units, outputs))
    """
    if not callable(target) or not hasattr(target, "__qualname__"):
        raise InvalidStepError(f"@module marks a class or a function, not {type(target).__name__}.")
    _settings_of(target)
    setattr(target, _MARK, (target.__module__, target.__qualname__))
    return target


@module
def mlp(
    inputs: int,
    outputs: int,
    *,
    hidden: Sequence[int] = (64, 32),
    activation: str = "relu",
    dropout: float = 0.0,
    batch_norm: bool = False,
) -> Any:
    """Return fully connected layers; once fitted, they are compiled to plain arrays.

    Parameters
    ----------
    inputs, outputs
        Numbers of columns and of outputs.
    hidden
        Number of units of each layer between; may be empty.
    activation
        ``relu``, ``tanh``, ``sigmoid`` or ``gelu``.
    dropout
        Share of units that is left out at random while training.
    batch_norm
        Whether each layer between is normalised over the batch.

    Raises
    ------
    InvalidStepError
        When a setting has a value that it does not know.
    """
    nn = library("torch.nn", "torch", "mlp")
    if activation not in ACTIVATIONS:
        raise InvalidStepError(f"mlp: activation is one of {listed(ACTIVATIONS)}, not {activation!r}.")
    if not isinstance(hidden, list | tuple) or any(type(units) is not int or units < 1 for units in hidden):
        raise InvalidStepError(f"mlp: hidden is a list of numbers of units, not {hidden!r}.")
    if isinstance(dropout, bool) or not isinstance(dropout, int | float) or not 0 <= dropout < 1:
        raise InvalidStepError(f"mlp: dropout is a share from 0 to below 1, not {dropout!r}.")
    layers: list[Any] = []
    width = inputs
    for units in hidden:
        layers.append(nn.Linear(width, units))
        if batch_norm:
            layers.append(nn.BatchNorm1d(units))
        layers.append(getattr(nn, ACTIVATIONS[activation])())
        if dropout:
            layers.append(nn.Dropout(dropout))
        width = units
    layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)


def require_settings(target: Callable[..., Any], settings: Mapping[str, Any], own: Sequence[str], who: str) -> None:
    """Refuse settings that a module does not have.

    Raises
    ------
    InvalidStepError
        The message lists those that it has, and the parameters of the estimator.
    """
    known = _settings_of(target)
    if known is None:
        return
    for name in settings:
        if name not in known:
            raise InvalidStepError(
                f"{who} has no parameter {name!r}, and {target.__qualname__} no such setting; the settings are "
                f"{listed(known)}, the parameters {listed(own)}."
            )
