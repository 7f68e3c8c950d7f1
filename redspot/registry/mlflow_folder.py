"""What the folder of a logged model holds: its flavors, and whether a pickle is among its files.

Nothing is loaded: ``MLmodel`` is read as plain YAML, other files by their names and first bytes only.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redspot.errors import InvalidError

MANIFEST_MEDIA_TYPE = "application/vnd.redspot.folder+json"
_PICKLE_NAME = re.compile(r"\.(pkl|pickle|joblib|cloudpickle|dill|pt|pth|ckpt|npy|npz)$", re.IGNORECASE)
_ARRAYS = re.compile(r"\.np[yz]$", re.IGNORECASE)
_MAX_DESCRIPTION = 1024 * 1024
_HEAD = 16


class ModelFolderError(InvalidError):
    """The ``MLmodel`` of a folder cannot be read."""

    code = "model-folder"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What a folder holds.

    Attributes
    ----------
    flavors
        Flavor → facts, as ``MLmodel`` has them; empty without one.
    signature
        Inputs and outputs as ``MLmodel`` has them, or None.
    skops
        Path of a scikit-learn model stored by skops, or empty.
    unsafe
        A sentence that names the first file that is a pickle or holds one; empty where none does.
    """

    flavors: Mapping[str, Any]
    signature: Mapping[str, Any] | None
    python: str
    skops: str
    unsafe: str


def read_folder(sizes: Mapping[str, int], read: Callable[[str], bytes], head: Callable[[str], bytes]) -> ModelFolder:
    """Return what a folder holds.

    Parameters
    ----------
    sizes
        Path below the folder → bytes.
    read, head
        Return all, or at least the first, bytes of a file.

    Raises
    ------
    ModelFolderError
        When there is an ``MLmodel`` that is no YAML object.
    """
    described: dict[str, Any] = {}
    if "MLmodel" in sizes:
        if sizes["MLmodel"] > _MAX_DESCRIPTION:
            raise ModelFolderError(f"The MLmodel file has {sizes['MLmodel']} bytes, more than {_MAX_DESCRIPTION}.")
        described = _description(read("MLmodel"))
    flavors = described.get("flavors")
    flavors = flavors if isinstance(flavors, dict) else {}
    signature = described.get("signature")
    skops = next((path for path in sorted(sizes) if path.endswith(".skops")), "")
    return ModelFolder(
        {str(name): facts for name, facts in flavors.items()},
        signature if isinstance(signature, dict) else None,
        str(_facts(flavors, "python_function").get("python_version", "")),
        skops,
        _first_pickle(sizes, read, head),
    )


def _facts(flavors: Mapping[str, Any], name: str) -> dict[str, Any]:
    facts = flavors.get(name)
    return facts if isinstance(facts, dict) else {}


def _description(data: bytes) -> dict[str, Any]:
    import yaml

    try:
        described = yaml.load(data, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ModelFolderError(f"The MLmodel file is not YAML: {str(error)[:200]}") from None
    if not isinstance(described, dict):
        raise ModelFolderError("The MLmodel file is not an object with flavors.")
    return described


def _first_pickle(sizes: Mapping[str, int], read: Callable[[str], bytes], head: Callable[[str], bytes]) -> str:
    for path in sorted(sizes):
        start = head(path)[:_HEAD]
        if len(start) > 1 and start[0] == 0x80 and 2 <= start[1] <= 5:
            return f"{path} is a pickle, which runs code when it is loaded; Redspot never loads it."
        if _PICKLE_NAME.search(path) and not _ARRAYS.search(path):
            return f"{path} has the name of a pickle, which runs code when it is loaded; Redspot never loads it."
        if start[:4] == b"PK\x03\x04" and _zip_holds_pickle(read(path)):
            return (
                f"{path} is a zip file that holds a pickle, which runs code when it is loaded; Redspot never loads it."
            )
    return ""


def _zip_holds_pickle(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(_PICKLE_NAME.search(name) and not _ARRAYS.search(name) for name in archive.namelist())
    except zipfile.BadZipFile:
        return False
