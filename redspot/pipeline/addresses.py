"""Code that a file names by module and name: what may be imported, and what was marked for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from redspot.pipeline.column import listed
from redspot.pipeline.errors import UnsavableStepError, UntrustedPipelineError

Address = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Marked:
    """One kind of code that a file may name.

    Attributes
    ----------
    noun
        What it is called in a message.
    mark
        The decorator that marks it.
    group
        Entry points that vouch for a module and name.
    address_of
        Gives the module and name under which an object was marked; None for one that was not.
    own
        ``module:name`` of those that Redspot brings.
    """

    noun: str
    mark: str
    group: str
    address_of: Callable[[Any], Address | None]
    own: frozenset[str] = frozenset()

    def require_vouched(self, module: str, name: str, trusted_modules: Sequence[str]) -> None:
        """Refuse an address that neither an entry point nor the caller vouches for; nothing is imported.

        Raises
        ------
        UntrustedPipelineError
            When neither does.
        """
        if f"{module}:{name}" in self.own or (module in trusted_modules and name.isidentifier()):
            return
        # Reading what is installed takes longer than loading a pipeline that names no code.
        from importlib.metadata import entry_points

        if f"{module}:{name}" in {point.value for point in entry_points(group=self.group)}:
            return
        raise UntrustedPipelineError(
            f"The file names {module}.{name}, which is no installed {self.noun}; if you trust that module, "
            f"pass trusted_modules=[{module!r}]. Trusted now: {listed(trusted_modules)}.",
            module=module,
            function=name,
        )

    def find(self, module: str, name: str, trusted_modules: Sequence[str]) -> Any:
        """Return what was marked under an address; nothing is imported unless somebody vouches for it.

        Raises
        ------
        UntrustedPipelineError
            When nobody does, or what is found there was not marked.
        """
        self.require_vouched(module, name, trusted_modules)
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part, None)
        if self.address_of(found) != (module, name):
            raise UntrustedPipelineError(
                f"{module}.{name} is not marked with {self.mark}.", module=module, function=name
            )
        return found

    def require_findable(self, found: Any, step: str) -> Address:
        """Return the address of something marked, under which another process finds it again.

        Raises
        ------
        UnsavableStepError
            When none would.
        """
        address = self.address_of(found)
        if address is None:
            raise UnsavableStepError(f"{step} uses {found!r}, which is not marked with {self.mark}.", step=step)
        module, name = address
        if module == "__main__" or not name.isidentifier():
            raise UnsavableStepError(
                f"{step} is the {self.thing} {name!r} of {'this notebook' if module == '__main__' else module}, which "
                "no other process can import; move it to the top level of a module.",
                step=step,
            )
        if getattr(import_module(module), name, None) is not found:
            raise UnsavableStepError(f"{module}.{name} is not the {self.thing} that {step} uses.", step=step)
        return address

    @property
    def thing(self) -> str:
        """What the marked object itself is."""
        return "function" if self.noun == "step" else self.noun
