"""A notebook that answers requests itself: what its cells tagged ``endpoint`` say, read without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Self

from redspot.errors import InvalidError
from redspot.jobs.notebook import cells_tagged, parse_notebook

TAG = "endpoint"
FUNCTION, EXAMPLE, EXPECTED = "predict", "example", "expected"


class EndpointCellError(InvalidError):
    """A notebook's ``endpoint`` cells cannot answer requests."""

    code = "endpoint-cell"


@dataclass(frozen=True, slots=True)
class EndpointCell:
    """One cell.

    Attributes
    ----------
    name
        Its place in the notebook, as tracebacks show it.
    """

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class EndpointNotebook:
    """The part of a notebook that is run where it serves: its cells tagged ``endpoint``, in their order.

    One of them defines ``predict(payload)``. ``example``, a payload, is answered before anybody else is; where there
    is an ``expected`` too, the answer must be that.

    Attributes
    ----------
    modules
        Names of the top-level modules that the cells import, sorted.
    """

    cells: tuple[EndpointCell, ...]
    has_example: bool
    has_expected: bool
    modules: tuple[str, ...]

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Read a notebook.

        Raises
        ------
        NotebookError
            When it is none of nbformat 4.
        EndpointCellError
            When its cells cannot serve; the message says which and why.
        """
        tagged = cells_tagged(parse_notebook(data), TAG)
        if not tagged:
            raise EndpointCellError(
                f"No cell of the notebook is tagged {TAG!r}: tag the one that defines {FUNCTION}(payload), and those"
                " that it needs."
            )
        cells = tuple(EndpointCell(f"cell {number}", source) for number, source in tagged)
        assigned: set[str] = set()
        modules: set[str] = set()
        function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
        for cell in cells:
            tree = _parse(cell)
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == FUNCTION:
                    function = node
                assigned |= _names(node)
            modules |= _modules(tree)
        if function is None:
            raise EndpointCellError(f"The {TAG!r} cells define no function {FUNCTION}(payload).")
        _check_signature(function)
        if EXPECTED in assigned and EXAMPLE not in assigned:
            raise EndpointCellError(f"The {TAG!r} cells assign {EXPECTED!r} and no {EXAMPLE!r} that it would answer.")
        return cls(cells, EXAMPLE in assigned, EXPECTED in assigned, tuple(sorted(modules)))


def _parse(cell: EndpointCell) -> ast.Module:
    for line in cell.source.splitlines():
        if line.lstrip().startswith(("%", "!")):
            raise EndpointCellError(
                f"In {cell.name}, {line.strip()[:60]!r} is for IPython, which is not there where the notebook serves."
            )
    try:
        return ast.parse(cell.source, cell.name)
    except (SyntaxError, ValueError) as error:
        raise EndpointCellError(f"In {cell.name}: {error}.") from None


def _check_signature(function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    required = len(positional) - len(given.defaults)
    needs_more = any(default is None for default in given.kw_defaults)
    if not (positional or given.vararg) or required > 1 or needs_more:
        raise EndpointCellError(f"{FUNCTION} is called with one argument, the payload; it takes others.")


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {target.id for target in node.targets if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
        return {node.target.id}
    return set()


def _modules(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found
