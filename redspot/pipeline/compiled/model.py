"""What every compiled model can do, and how one is found again in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.compiled.links import LINKS, OF_ONE_SUM, WITHOUT_CLASSES, Link
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.rowcode import RowCode, Value

Arrays = Mapping[str, NDArray[np.generic]]

# Kind → module and class; a module is imported when a file names its kind.
_KINDS: Mapping[str, str] = {
    "layers": "layers:LayersModel",
    "linear": "linear:LinearModel",
    "oblivious": "oblivious:ObliviousModel",
    "trees": "trees:TreeModel",
}


class Model(Protocol):
    """A fitted predictor, reduced to arrays.

    Attributes
    ----------
    kind
        Name in the file.
    link
        From sums to answers.
    width
        Number of columns that it reads.
    outputs
        Number of sums per row.
    """

    kind: ClassVar[str]

    @property
    def link(self) -> Link: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def outputs(self) -> int: ...  # noqa: D102

    def sums(self, table: Table) -> NDArray[np.float64] | None:
        """Return float64, shape (rows, outputs); None where the framework's own code is faster."""
        ...

    def row(self, code: RowCode, inputs: Sequence[Value]) -> list[str]:
        """Write down the sums of one row, and return their variables."""
        ...

    def told(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what was learned as pairs of a name and a short text; `names` are those of the columns."""
        ...

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a file keeps as arrays."""
        ...

    def document(self) -> dict[str, Any]:
        """Return what a file keeps as JSON."""
        ...


def model_of_document(document: Mapping[str, Any], arrays: Arrays, classes: NDArray[np.generic] | None) -> Model:
    """Return the model that a file describes.

    Raises
    ------
    CorruptPipelineError
        When its parts do not belong together, or an index points outside.
    """
    kind, link = document["kind"], document["link"]
    if kind not in _KINDS or link not in LINKS:
        raise CorruptPipelineError(f"The file has a compiled model of the unknown kind {kind!r} with link {link!r}.")
    module, _, name = _KINDS[kind].partition(":")
    found: Any = getattr(import_module(f"redspot.pipeline.compiled.{module}"), name)
    model: Model = found.restored(document, arrays)
    wanted = 1 if link in OF_ONE_SUM else 0 if classes is None else len(classes)
    has_classes = classes is not None
    is_binary_pair = link == "one_vs_rest" and model.outputs == 1 and has_classes and len(classes or ()) == 2
    if has_classes == (link in WITHOUT_CLASSES) or (model.outputs != wanted and not is_binary_pair):
        raise CorruptPipelineError("The file's compiled model does not fit its classes.")
    if link in ("logit", "half_logit", "sign") and (classes is None or len(classes) != 2):
        raise CorruptPipelineError("The file's compiled model does not fit its classes.")
    return model
