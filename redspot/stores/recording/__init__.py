"""Experiments, recorded runs, logged models, files, and what may change about registered models, in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter
from redspot.stores.recording.experiments import SqlExperiments
from redspot.stores.recording.files import SqlRecordedFiles
from redspot.stores.recording.logged_models import SqlLoggedModels
from redspot.stores.recording.registered import SqlRegistered
from redspot.stores.recording.runs import SqlRecordedRuns


@dataclass(frozen=True, slots=True)
class Recording:
    """All stores of what programs record, behind one writer."""

    writer: GroupWriter
    experiments: SqlExperiments
    runs: SqlRecordedRuns
    logged_models: SqlLoggedModels
    files: SqlRecordedFiles
    registered: SqlRegistered

    @classmethod
    def open(cls, database: Database) -> Recording:
        """Return the stores of a database."""
        writer = GroupWriter(database)
        return cls(
            writer,
            SqlExperiments(database, writer),
            SqlRecordedRuns(database, writer),
            SqlLoggedModels(database, writer),
            SqlRecordedFiles(database, writer),
            SqlRegistered(database, writer),
        )
