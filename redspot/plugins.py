"""Entry points, looked up by name when asked for; nothing is imported before that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from redspot.errors import InvalidError

T = TypeVar("T")


class UnknownPluginError(InvalidError):
    """No plugin, or more than one, has the name that was asked for."""

    code = "unknown-plugin"


@dataclass(frozen=True)
class Registry(Generic[T]):
    """The plugins of one entry-point group.

    Parameters
    ----------
    group
        Entry-point group, such as ``redspot.verbs``.
    """

    group: str

    def names(self) -> tuple[str, ...]:
        """Return the installed names in alphabetical order."""
        # Imported when it is asked: it takes longer to import than numpy's linear algebra.
        from importlib.metadata import entry_points

        return tuple(sorted({point.name for point in entry_points(group=self.group)}))

    def load(self, name: str) -> T:
        """Import and return the one plugin called `name`.

        Raises
        ------
        UnknownPluginError
            When none, or more than one, is installed under that name.
        """
        from importlib.metadata import entry_points

        points = {point.value: point for point in entry_points(group=self.group) if point.name == name}
        if len(points) != 1:
            known = ", ".join(self.names()) or "none"
            raise UnknownPluginError(
                f"{len(points)} plugins named {name!r} in {self.group}; known: {known}.", name=name
            )
        return cast("T", next(iter(points.values())).load())
