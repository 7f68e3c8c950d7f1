from __future__ import annotations

from pathlib import Path

import pytest

from redspot.artifacts import ArtifactCorruptError, ArtifactNotFoundError, FsspecArtifactStore
from redspot.artifacts.store import InvalidDigestError, digest_of


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FsspecArtifactStore:
    return FsspecArtifactStore(
        str(tmp_path / "artifacts") if request.param == "folder" else f"memory://{tmp_path.name}"
    )


def test_what_is_put_comes_back(store: FsspecArtifactStore) -> None:
    artifact = store.put(b"abc", name="x.txt", media_type="text/plain")
    assert artifact.digest == digest_of(b"abc")
    assert artifact.size_bytes == 3
    assert store.get(artifact.digest) == b"abc"
    assert store.has(artifact.digest)
    store.check()


def test_an_unknown_digest_is_not_found(store: FsspecArtifactStore) -> None:
    with pytest.raises(ArtifactNotFoundError):
        store.get(digest_of(b"never put"))


@pytest.mark.parametrize("digest", ["../../etc/passwd", "sha256:xyz", "md5:" + "0" * 64, "sha256:" + "A" * 64])
def test_what_is_no_digest_never_becomes_a_path(store: FsspecArtifactStore, digest: str) -> None:
    with pytest.raises(InvalidDigestError):
        store.get(digest)


def test_a_damaged_artifact_is_refused_and_mended_by_putting_it_again(tmp_path: Path) -> None:
    store = FsspecArtifactStore(str(tmp_path))
    artifact = store.put(b"precious", name="x")
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    path.write_bytes(b"precioux")
    with pytest.raises(ArtifactCorruptError, match="damaged"):
        store.get(artifact.digest)
    store.put(b"precious", name="x")
    assert store.get(artifact.digest) == b"precious"


def test_a_write_leaves_no_temporary_file(tmp_path: Path) -> None:
    FsspecArtifactStore(str(tmp_path)).put(b"abc", name="x")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest_of(b"abc").removeprefix("sha256:")]
