"""Instance types: what a run or replica may use, by name."""

from __future__ import annotations

from dataclasses import dataclass

from redspot.compute.unit import Limits
from redspot.errors import NotFoundError


class InstanceTypeNotFoundError(NotFoundError):
    """No instance type has that name."""

    code = "instance-type-not-found"


@dataclass(frozen=True, slots=True)
class InstanceType:
    """What a run or replica may use.

    Attributes
    ----------
    cpu
        Cores' worth of time.
    memory_bytes
        Memory of all its processes together, in bytes.
    """

    name: str
    cpu: float
    memory_bytes: int
    description: str

    def limits(self, timeout_s: float | None = None) -> Limits:
        """Return the limits of a unit on this instance type."""
        return Limits(self.memory_bytes, self.cpu, timeout_s)


def local_instance_types(memory_bytes: int) -> tuple[InstanceType, ...]:
    """Return the instance types of one machine; the smallest has `memory_bytes`, each next one twice as much."""
    sizes = (("cpu.small", 1), ("cpu.medium", 2), ("cpu.large", 4))
    return tuple(
        InstanceType(name, float(times), memory_bytes * times, f"{times} CPU, {memory_bytes * times / 2**30:g} GiB")
        for name, times in sizes
    )


def find_instance_type(types: tuple[InstanceType, ...], name: str) -> InstanceType:
    """Return the one called `name` (InstanceTypeNotFoundError, listing those that exist)."""
    for found in types:
        if found.name == name:
            return found
    known = ", ".join(found.name for found in types)
    raise InstanceTypeNotFoundError(f"No instance type {name!r} exists; there are: {known}.", instance_type=name)
