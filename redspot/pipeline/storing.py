"""A pipeline and its file."""

from __future__ import annotations

import os

from redspot.pipeline.definition import Definition


class Stored(Definition):
    """How a fitted pipeline is written down."""

    def dumps(self) -> bytes:
        """Return the pipeline file; the same fitted pipeline always gives the same bytes.

        Raises
        ------
        NotFittedError, UnsavableStepError
            When there is nothing to save, or a step could not safely be loaded again.
        """
        from redspot.pipeline.archive import write_archive

        return write_archive(self._members())

    def save(self, path: str | os.PathLike[str], *, folder: bool = False) -> None:
        """Write the pipeline file, all of it or nothing; by custom its suffix is ``.redspot``.

        Parameters
        ----------
        path
            Where to; what was there before is replaced.
        folder
            Whether to write a folder with the same members instead of one file.

        Raises
        ------
        PipelineFileNotFoundError
            When the folder that it goes into does not exist.
        PipelineFolderTakenError
            When a folder is asked for, and something else is there.
        """
        from pathlib import Path

        if folder:
            from redspot.pipeline.folder import write_folder

            write_folder(Path(path), self._members())
            return
        from redspot.pipeline.archive import write_whole

        write_whole(Path(path), self.dumps())

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the file without its metadata: the same for two fits of the same pipeline on the same data.

        Raises
        ------
        NotFittedError, UnsavableStepError
            As `dumps`.
        """
        from redspot.pipeline.file import fingerprint

        return fingerprint(self._members())

    def _members(self) -> dict[str, bytes]:
        from redspot.pipeline.file import write_members

        return write_members(self._graph, self._fitted, self._parity, self._metadata, self.metrics_)
