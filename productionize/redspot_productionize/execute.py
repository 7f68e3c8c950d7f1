"""What runs in a run's unit: ``python -m redspot_productionize.execute FOLDER``."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from redspot.jobs.notebook import inspect_notebook
from redspot.jobs.run import RunFailure
from redspot_productionize.papers import Order, Result, RunFolder, read_order, write_json

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_RECORD = "application/vnd.redspot.record+json"


class IsoDate(str):
    """A date on its way into the notebook: papermill keeps parameters as JSON in the output's metadata too."""

    __slots__ = ()


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebook of the folder named on the command line; the exit status is 0 when every cell ran."""
    (path,) = sys.argv[1:] if arguments is None else arguments
    folder = RunFolder(Path(path))
    result = execute(folder, read_order(folder))
    write_json(folder.result, asdict(result))
    return 0 if result.failure is None else 1


def execute(folder: RunFolder, order: Order) -> Result:
    """Run the notebook and leave its output, page and pipelines in the folder."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError
    from papermill.translators import PythonTranslator, papermill_translators

    from redspot_productionize.cells import CaptureError

    class Translator(PythonTranslator):  # type: ignore[misc] # papermill is untyped
        """Injects dates as dates, which papermill would turn into text."""

        @classmethod
        def translate(cls, value: Any) -> str:
            if isinstance(value, IsoDate):
                return f'__import__("datetime").date.fromisoformat("{value}")'
            return str(super().translate(value))

    papermill_translators.register("python", Translator)
    parameters = {
        name: IsoDate(date.fromisoformat(value)) if name in order.dates and value is not None else value
        for name, value in order.parameters.items()
    }
    failure: RunFailure | None = None
    try:
        papermill.execute_notebook(
            str(folder.notebook),
            str(folder.output),
            parameters=parameters,
            engine_name="redspot",
            kernel_name=inspect_notebook(folder.notebook.read_bytes()).kernel,
            language="python",
            progress_bar=False,
            log_output=True,
            cwd=str(folder.path),
            progress_path=str(folder.progress),
            capture_folder=str(folder.captured) if order.capture else "",
        )
    except PapermillExecutionError as error:
        failure = _cell_failure(folder, error)
    except DeadKernelError:
        failure = RunFailure("kernel-died", "The kernel died while a cell was running.", _cell_running(folder))
    except CellTimeoutError as error:
        failure = RunFailure("timed-out", f"A cell took too long: {error}", _cell_running(folder))
    except CaptureError as error:
        failure = RunFailure("capture-failed", f"The pipelines of the notebook could not be saved: {error}.")
    return Result(failure, _finish(folder))


def _cell_failure(folder: RunFolder, error: Any) -> RunFailure:
    cell = _cell_running(folder)
    traceback = _COLOURS.sub("", "\n".join(error.traceback))
    return RunFailure("cell-raised", f"Cell {cell} raised {error.ename}: {error.evalue}", cell, traceback)


def _cell_running(folder: RunFolder) -> int | None:
    from redspot_productionize.papers import read_progress

    progress = read_progress(folder)
    return progress.current_cell if progress else None


def _finish(folder: RunFolder) -> Mapping[str, Any]:
    """Render the page of what ran, and return what the notebook recorded."""
    import nbformat

    from redspot_productionize.page import render_html

    if not folder.output.exists():
        return {}
    notebook = nbformat.read(folder.output, as_version=4)  # type: ignore[no-untyped-call] # nbformat is half typed
    folder.html.write_text(render_html(notebook, folder.path.name))
    records: dict[str, Any] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            record = output.get("data", {}).get(_RECORD)
            if isinstance(record, dict) and isinstance(record.get("name"), str):
                records[record["name"]] = record.get("value")
    return records


if __name__ == "__main__":
    sys.exit(main())
