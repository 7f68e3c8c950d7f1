"""Loading pipelines from files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from redspot.errors import RedspotError
from redspot.pipeline.errors import CorruptPipelineError, PipelineFileNotFoundError
from redspot.pipeline.pipeline import Pipeline

if TYPE_CHECKING:
    from redspot.pipeline.file import Content


def load(path: str | os.PathLike[str], trusted_modules: Sequence[str] = ()) -> Pipeline:
    """Return the pipeline that a file, or a folder, holds.

    Parameters
    ----------
    path
        What `Pipeline.save` wrote.
    trusted_modules
        Modules whose functions marked with `step` may be imported. Without them a file can only name
        what Redspot, its installed plugins and its list of scikit-learn types know.

    Raises
    ------
    PipelineFileNotFoundError
        When there is no such file.
    CorruptPipelineError, PipelineVersionError, UntrustedPipelineError
        See `redspot.pipeline.file.parse_members`.
    """
    if os.path.isdir(path):
        # Longer to import than most of what a single answer needs.
        from pathlib import Path

        from redspot.pipeline.file import parse_members
        from redspot.pipeline.folder import read_folder

        return _answering(parse_members(read_folder(Path(path)), trusted_modules))
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except FileNotFoundError as error:
        raise PipelineFileNotFoundError(f"There is no file {os.fspath(path)!r}.") from error
    return loads(data, trusted_modules)


def loads(data: bytes, trusted_modules: Sequence[str] = ()) -> Pipeline:
    """Return the pipeline that the bytes of a file hold; see `load`."""
    from redspot.pipeline.file import parse

    return _answering(parse(data, trusted_modules))


def _answering(content: Content) -> Pipeline:
    pipeline = Pipeline.of_content(content)
    if pipeline.parity_ is not None:
        _require_answer(pipeline, pipeline.parity_.rows)
    return pipeline


def _require_answer(pipeline: Pipeline, rows: Sequence[Mapping[str, object]]) -> None:
    """Refuse parts that are sound each by itself and do not fit together, before anyone waits for an answer."""
    try:
        for row in rows[:1]:
            pipeline.predict_one(row)
    except (RedspotError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise CorruptPipelineError(f"The file's own first parity row gets no answer: {error}") from error
