"""Content-addressed storage of everything that must not change: pipelines, notebooks, pages."""

from redspot.artifacts.store import (
    Artifact,
    ArtifactCorruptError,
    ArtifactNotFoundError,
    ArtifactStore,
    Digest,
    FsspecArtifactStore,
)

__all__ = [
    "Artifact",
    "ArtifactCorruptError",
    "ArtifactNotFoundError",
    "ArtifactStore",
    "Digest",
    "FsspecArtifactStore",
]
