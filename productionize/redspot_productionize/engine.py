"""The papermill engine ``redspot``, registered under the entry point ``papermill.engine``.

papermill loads all engines while it is being imported itself, so this module must not import it.
"""

from __future__ import annotations

from typing import Any


class RedspotEngine:
    """Executes notebooks in order, tells after each cell how far it is, and keeps the pipelines at the end.

    See `redspot_productionize.cells.CellEngine` for what it takes.
    """

    @classmethod
    def execute_notebook(cls, *args: Any, **kwargs: Any) -> Any:
        """Run all cells of a notebook (papermill's engine contract)."""
        from redspot_productionize.cells import CellEngine

        return CellEngine.execute_notebook(*args, **kwargs)

    @classmethod
    def nb_kernel_name(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the kernel that a notebook asks for (papermill's engine contract)."""
        from redspot_productionize.cells import CellEngine

        return CellEngine.nb_kernel_name(*args, **kwargs)

    @classmethod
    def nb_language(cls, *args: Any, **kwargs: Any) -> Any:
        """Return the language of a notebook (papermill's engine contract)."""
        from redspot_productionize.cells import CellEngine

        return CellEngine.nb_language(*args, **kwargs)
