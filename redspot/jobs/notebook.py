"""Notebook snapshots: what is frozen, and what can be read from it without running it.

Sources: nbformat 4.5 (cell ids, tags), papermill (the ``parameters`` and ``injected-parameters`` tags).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redspot.errors import InvalidError
from redspot.jobs.parameter import Parameter, read_parameters
from redspot.registry.model import NOTEBOOK_MEDIA_TYPE

MEDIA_TYPE = NOTEBOOK_MEDIA_TYPE
_KEPT_METADATA = ("kernelspec", "language_info")


class NotebookError(InvalidError):
    """The bytes are not a notebook of nbformat 4."""

    code = "invalid-notebook"


class NoParametersCellError(InvalidError):
    """Values were given, and the notebook has no ``parameters`` cell."""

    code = "no-parameters-cell"


@dataclass(frozen=True, slots=True)
class NotebookFacts:
    """What a notebook declares, as the Productionize dialog shows it.

    Attributes
    ----------
    has_parameters_cell
        Whether a code cell carries the tag ``parameters``.
    code_cells
        How many code cells it has.
    hint
        One sentence for the person when something is missing, else empty.
    """

    parameters: tuple[Parameter, ...]
    has_parameters_cell: bool
    code_cells: int
    kernel: str
    hint: str


def parse_notebook(data: bytes) -> dict[str, Any]:
    """Return the notebook in `data`.

    Raises
    ------
    NotebookError
        When it is not JSON, not nbformat 4, or has no cells.
    """
    try:
        notebook = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotebookError(f"The file is not a notebook: it is not JSON ({error}).") from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        raise NotebookError("The file is not a notebook of nbformat 4: open it in JupyterLab and save it.")
    return notebook


def freeze_notebook(data: bytes) -> bytes:
    """Return the snapshot: no outputs, counts or editor state; keys sorted, so that equal code has equal bytes."""
    notebook = parse_notebook(data)
    cells = [_freeze_cell(cell, index) for index, cell in enumerate(notebook["cells"])]
    metadata = {key: notebook.get("metadata", {})[key] for key in _KEPT_METADATA if key in notebook.get("metadata", {})}
    frozen = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(frozen, sort_keys=True, ensure_ascii=False, indent=1).encode()


def _freeze_cell(cell: Mapping[str, Any], index: int) -> dict[str, Any]:
    kind = cell.get("cell_type", "raw")
    tags = [tag for tag in cell.get("metadata", {}).get("tags", ()) if isinstance(tag, str)]
    frozen: dict[str, Any] = {
        "cell_type": kind,
        "id": str(cell.get("id") or f"cell-{index}"),
        "metadata": {"tags": tags} if tags else {},
        "source": _source(cell),
    }
    if kind == "code":
        frozen |= {"execution_count": None, "outputs": []}
    return frozen


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def _has_tag(cell: Mapping[str, Any], tag: str) -> bool:
    return cell.get("cell_type") == "code" and tag in cell.get("metadata", {}).get("tags", ())


def cells_tagged(notebook: Mapping[str, Any], tag: str) -> list[tuple[int, str]]:
    """Return the code cells that carry a tag: each one's number among all cells, from 1, and its source."""
    numbered = enumerate(notebook["cells"], start=1)
    return [(number, _source(cell)) for number, cell in numbered if _has_tag(cell, tag)]


def inspect_notebook(data: bytes) -> NotebookFacts:
    """Return what the notebook declares, without running it.

    Raises
    ------
    NotebookError
        When it is not a notebook.
    ParametersCellError
        When its ``parameters`` cell is not Python.
    """
    notebook = parse_notebook(data)
    cells = [cell for cell in notebook["cells"] if not _has_tag(cell, "injected-parameters")]
    tagged = [cell for cell in cells if _has_tag(cell, "parameters")]
    parameters = read_parameters(_source(tagged[0])) if tagged else ()
    hint = ""
    if not tagged:
        hint = "This notebook has no cell tagged 'parameters': it runs as it is. Tag a cell to give it parameters."
    elif len(tagged) > 1:
        hint = f"{len(tagged)} cells are tagged 'parameters'; the first one counts."
    elif not parameters:
        hint = "The 'parameters' cell assigns no plain values."
    kernel = notebook.get("metadata", {}).get("kernelspec", {}).get("name", "python3")
    code_cells = sum(cell.get("cell_type") == "code" for cell in cells)
    return NotebookFacts(parameters, bool(tagged), code_cells, str(kernel), hint)
