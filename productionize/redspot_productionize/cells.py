"""Executing the cells: progress after every cell, and the pipelines kept at the end."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from redspot.jobs.run import RunProgress
from redspot_productionize.papers import write_json

_CAPTURE = """\
from redspot_kernels.capture import save_pipelines as _redspot_save
_redspot_save(globals(), {folder})
del _redspot_save
"""


class CellEngine(NBClientEngine):  # type: ignore[misc] # papermill is untyped
    """Executes a notebook in order and tells after each cell how far it is."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        progress_path: str = "",
        capture_folder: str = "",
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run all cells.

        Parameters
        ----------
        progress_path
            File that the progress goes to, as JSON; empty for none.
        capture_folder
            Folder that fitted pipelines of the kernel are saved to at the end; empty for none.
        execution_timeout
            Seconds that one cell may take; None for no limit.
        """
        kwargs.pop("input_path", None)
        return RedspotClient(
            nb_man,
            progress_path=progress_path,
            capture_folder=capture_folder,
            timeout=execution_timeout,
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            **kwargs,
        ).execute()


class CaptureError(RuntimeError):
    """The kernel could not save its pipelines; the message is the kernel's own."""


class RedspotClient(PapermillNotebookClient):  # type: ignore[misc] # papermill is untyped
    """Papermill's notebook client with progress and capture."""

    def __init__(self, nb_man: Any, *, progress_path: str, capture_folder: str, **kwargs: Any) -> None:
        super().__init__(nb_man, **kwargs)
        self._progress_path = Path(progress_path) if progress_path else None
        self._capture_folder = capture_folder
        self._total = sum(cell.cell_type == "code" for cell in self.nb.cells)
        self._done = 0

    def _tell(self, current: int | None) -> None:
        if self._progress_path is not None:
            write_json(self._progress_path, asdict(RunProgress(self._total, self._done, current)))

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """Execute one cell, and tell before and after."""
        if cell.cell_type != "code":
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        self._tell(self._done + 1)
        executed = await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        self._done += 1
        self._tell(None)
        return executed

    def papermill_execute_cells(self) -> None:
        """Execute the cells, then keep the pipelines when none failed."""
        # nbclient binds the synchronous name at class creation, so point it at the one above.
        from jupyter_core.utils import run_sync

        self.execute_cell = run_sync(self.async_execute_cell)
        self._tell(None)
        super().papermill_execute_cells()
        if self._capture_folder and self._done == self._total:
            self._capture()

    def _capture(self) -> None:
        from jupyter_core.utils import run_sync

        code = _CAPTURE.format(folder=json.dumps(self._capture_folder))
        reply = run_sync(self.kc._async_execute_interactive)(
            code, silent=True, store_history=False, allow_stdin=False, output_hook=lambda message: None
        )
        if reply["content"]["status"] != "ok":
            raise CaptureError(f"{reply['content'].get('ename')}: {reply['content'].get('evalue')}")
