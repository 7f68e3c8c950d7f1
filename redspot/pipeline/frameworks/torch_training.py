"""Training a module: minibatches, a held-out share, early stopping, and the best weights back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import EstimatorRefusedError, InvalidStepError
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.progress import Epoch, Report

# Rows that are answered at once, so that what lies between the layers stays small.
ANSWERED_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Plan:
    """How a module is trained; the parameters of `TorchClassifier` by the same names."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    patience: int | None
    validation_share: float
    seed: int

    def require_sound(self, who: str) -> None:
        """Refuse values that no training can have.

        Raises
        ------
        InvalidStepError
            Naming the first of them.
        """
        for name, (kinds, is_inside, words) in _LIMITS.items():
            value = getattr(self, name)
            if name == "patience" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, kinds) or not is_inside(value):
                raise InvalidStepError(f"{who}: {name} is {words}, not {value!r}.", parameter=name)


_NUMBER = (int, float)
_LIMITS: Mapping[str, tuple[type | tuple[type, ...], Callable[[Any], bool], str]] = {
    "epochs": (int, lambda value: value >= 1, "a whole number from 1"),
    "batch_size": (int, lambda value: value >= 1, "a whole number from 1"),
    "learning_rate": (_NUMBER, lambda value: 0 < value < float("inf"), "a number above 0"),
    "weight_decay": (_NUMBER, lambda value: 0 <= value < float("inf"), "a number from 0"),
    "patience": (int, lambda value: value >= 1, "a whole number from 1, or None"),
    "validation_share": (_NUMBER, lambda value: 0 <= value < 1, "a share from 0 to below 1"),
    "seed": (int, lambda value: 0 <= value < 2**62, "a whole number from 0"),
}


def chosen_device(device: object, who: str, *, must_be_there: bool = True) -> Any:
    """Return the device of a name: ``auto`` is the first GPU where there is one.

    Parameters
    ----------
    device
        ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    who
        For the message.
    must_be_there
        Whether a GPU that is named and absent is a mistake; otherwise the CPU takes its place.

    Raises
    ------
    InvalidStepError
        When there is no such device.
    """
    torch = library("torch", "torch", who)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device in ("auto", "cpu"):
        return torch.device("cuda" if device == "auto" and count else "cpu")
    name, _, number = str(device).partition(":")
    if not isinstance(device, str) or name != "cuda" or not (number or "0").isdecimal():
        raise InvalidStepError(f"{who}: device is 'auto', 'cpu', 'cuda' or 'cuda:N', not {device!r}.")
    if int(number or 0) < count:
        return torch.device(device)
    if must_be_there:
        raise InvalidStepError(
            f"{who}: device={device!r} is asked for, and PyTorch sees {count} CUDA devices; use device='auto' or 'cpu'."
        )
    return torch.device("cpu")


def trained(
    make: Callable[[], Any],
    inputs: NDArray[np.float32],
    target: NDArray[Any],
    loss_of: Callable[[Any, Any], Any],
    plan: Plan,
    device: Any,
    report: Report,
) -> tuple[Any, tuple[Epoch, ...]]:
    """Return a module that learned, in evaluation mode on the device, and what happened.

    Parameters
    ----------
    make
        Makes the module, its weights drawn at random.
    inputs, target
        float32, shape (rows, inputs); and what `loss_of` compares with, one entry per row.
    loss_of
        From outputs and targets, tensors of one batch, to their mean loss.
    plan, device, report
        How, where, and who is told.

    Raises
    ------
    EstimatorRefusedError
        When the loss is no number any more.
    """
    import torch

    devices = [device] if device.type == "cuda" else []
    # Whoever calls keeps the random numbers that they had.
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(plan.seed)
        module = make().to(device)
        every = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(plan.seed))
        held = round(plan.validation_share * len(inputs))
        held = min(max(held, 1 if plan.validation_share else 0), len(inputs) - 1)
        x, y = torch.from_numpy(inputs).to(device), torch.from_numpy(target).to(device)
        return _train(module, x, y, every[held:].to(device), every[:held].to(device), loss_of, plan, report)


def _train(
    module: Any, x: Any, y: Any, rows: Any, held: Any, loss_of: Callable[[Any, Any], Any], plan: Plan, report: Report
) -> tuple[Any, tuple[Epoch, ...]]:
    import torch

    optimizer = torch.optim.AdamW(module.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    shuffle = torch.Generator().manual_seed(plan.seed + 1)
    history: list[Epoch] = []
    best, best_weights, waited = float("inf"), None, 0
    for number in range(1, plan.epochs + 1):
        began_s = time.perf_counter()
        module.train()
        order = rows[torch.randperm(len(rows), generator=shuffle).to(rows.device)]
        total = torch.zeros((), dtype=torch.float64, device=x.device)
        for batch in _batches(order, plan.batch_size):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(module(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(batch)
        held_loss = _loss(module, x, y, held, loss_of) if len(held) else None
        mean = float(total) / len(rows)
        history.append(Epoch(number, plan.epochs, mean, held_loss, time.perf_counter() - began_s))
        report(history[-1])
        if not np.isfinite(mean if held_loss is None else held_loss):
            raise EstimatorRefusedError(
                f"The loss is no number any more after epoch {number}; lower learning_rate, or scale() the inputs."
            )
        if held_loss is None:
            continue
        if held_loss < best:
            best, waited = held_loss, 0
            best_weights = {name: value.detach().clone() for name, value in module.state_dict().items()}
            continue
        waited += 1
        if plan.patience is not None and waited >= plan.patience:
            break
    if best_weights is not None:
        module.load_state_dict(best_weights)
    return module.eval(), tuple(history)


def _batches(order: Any, size: int) -> list[Any]:
    batches = list(order.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        import torch

        # Layers that normalise over a batch cannot work with a single row.
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _loss(module: Any, x: Any, y: Any, rows: Any, loss_of: Callable[[Any, Any], Any]) -> float:
    import torch

    module.eval()
    with torch.inference_mode():
        parts = [(loss_of(module(x[part]), y[part]), len(part)) for part in rows.split(ANSWERED_ROWS)]
        return sum(float(loss) * count for loss, count in parts) / len(rows)


def answered(module: Any, inputs: NDArray[np.float32], device: Any) -> NDArray[np.float64]:
    """Return what a module in evaluation mode gives: float64, shape (rows, outputs)."""
    import torch

    with torch.inference_mode():
        starts = range(0, len(inputs), ANSWERED_ROWS)
        parts = [module(torch.from_numpy(inputs[at : at + ANSWERED_ROWS]).to(device)).cpu() for at in starts]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.float64)
