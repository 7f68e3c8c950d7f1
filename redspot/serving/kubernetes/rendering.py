"""Objects of Kubernetes as YAML that a person reads and ``kubectl apply -f`` takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from redspot.errors import MissingExtraError
from redspot.serving.kubernetes.export import Exported


def render_yaml(exported: Exported) -> str:
    """Return the remarks as comments, then one document for each object.

    Raises
    ------
    MissingExtraError
        When PyYAML is not installed; the extra ``lab`` brings it.
    """
    remarks = "".join(f"# {line}\n" for line in exported.remarks)
    return remarks + render_documents(exported.objects)


def render_documents(objects: Sequence[dict[str, Any]]) -> str:
    """Return one document for each object, keys in their own order."""
    try:
        import yaml
    except ImportError:
        raise MissingExtraError("Writing YAML needs PyYAML: pip install 'redspot[lab]'.") from None

    # Copied apart: YAML would point from what is there twice to its first place.
    apart = [json.loads(json.dumps(each)) for each in objects]
    text: str = yaml.safe_dump_all(apart, sort_keys=False, explicit_start=True, width=120)
    return text
