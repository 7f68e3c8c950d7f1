"""Training a Keras model: what it begins with, what it is told, and the random numbers that it draws."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from redspot.errors import MissingExtraError
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.progress import Epoch, Report


def keras_library(who: str) -> Any:
    """Return Keras with the backend that is chosen.

    Raises
    ------
    MissingExtraError
        When Keras or its backend is not installed.
    """
    try:
        return library("keras", "keras", who)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{who} needs {error.name}, the backend that Keras is set to; install redspot[keras] and set "
            "KERAS_BACKEND=torch.",
            extra="keras",
        ) from error


def gives_probabilities(model: Any) -> bool:
    """Tell whether a model ends with a softmax or a sigmoid."""
    last = model.layers[-1]
    named = getattr(getattr(last, "activation", None), "__name__", "")
    return type(last).__name__ == "Softmax" or named in ("softmax", "sigmoid")


def binary_loss(keras: Any, is_logit: bool) -> Any:
    """Return the loss of one number for two classes."""
    return keras.losses.BinaryCrossentropy(from_logits=is_logit)


def categorical_loss(keras: Any, is_logit: bool) -> Any:
    """Return the loss of one number for each class."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=is_logit)


def copied(keras: Any, model: Any) -> Any:
    """Return the model anew: weights that learn are drawn, and the others kept."""
    made = keras.models.clone_model(model)
    for old, new in zip(model.layers, made.layers, strict=True):
        if not old.trainable or type(old).__name__ == "Normalization":
            new.set_weights(old.get_weights())
    return made


def told_of(keras: Any, epochs: int, report: Report) -> Any:
    """Return the callback that keeps the `history`, and passes each epoch on."""

    class Told(keras.callbacks.Callback):  # type: ignore[misc]
        """Passes on how far training is."""

        def __init__(self) -> None:
            super().__init__()
            self.history: list[Epoch] = []
            self.began_s = 0.0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began_s = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            held_out = logs.get("val_loss")
            seconds = time.perf_counter() - self.began_s
            held = None if held_out is None else float(held_out)
            self.history.append(Epoch(epoch + 1, epochs, float(logs["loss"]), held, seconds))
            report(self.history[-1])

    return Told()


@contextmanager
def seeded(keras: Any, seed: int) -> Iterator[None]:
    """Set every generator that Keras may draw from, and give them back as they were."""
    kept, kept_array = random.getstate(), np.random.get_state()
    torch = library("torch", "keras", "Keras") if keras.backend.backend() == "torch" else None
    kept_torch = None if torch is None else torch.get_rng_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(kept)
        np.random.set_state(kept_array)
        if torch is not None:
            torch.set_rng_state(kept_torch)
