"""Names of objects and values of labels that Kubernetes takes, for whatever names Redspot takes.

Rules: RFC 1035 labels for Services (the strictest; all others take them too), and
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ for labels.
"""

from __future__ import annotations

import hashlib
import re

NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
# Leaves room for what tells the objects of one arm apart, such as "-pipeline".
_MAX_SLUG = 40
_DIGEST_CHARS = 10


def arm_name(endpoint: str, key: str) -> str:
    """Return the name of an arm's objects: readable, at most 51 characters, and another one for each pair.

    Parameters
    ----------
    key
        What tells the arms of an endpoint apart: a deployment's id, or an exact version.

    Examples
    --------
    >>> arm_name("Penguins_v2", "penguins@7")
    'penguins-v2-6b2e6f756a'
    """
    slug = re.sub(r"[^a-z0-9]+", "-", endpoint.lower())[:_MAX_SLUG].strip("-")
    if not slug or not slug[0].isalpha():
        slug = f"e-{slug}"[:_MAX_SLUG].strip("-")
    return f"{slug}-{_digest(f'{endpoint}/{key}')}"


def label_value(text: str) -> str:
    """Return `text` where a label may have it, and otherwise its beginning with a hash of it.

    Examples
    --------
    >>> label_value("penguins")
    'penguins'
    >>> label_value("penguins.")
    'penguins.-cd86982cc5'
    """
    if LABEL_VALUE.fullmatch(text):
        return text
    begin = re.sub(r"[^A-Za-z0-9._-]", "-", text)[:_MAX_SLUG].lstrip("-_.")
    return f"{begin}-{_digest(text)}".lstrip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARS]
