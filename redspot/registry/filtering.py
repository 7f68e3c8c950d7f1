"""The language of searches: comparisons joined by AND, and orders, as MLflow's documentation has them.

``metrics.rmse < 1 AND params.depth = '3' AND tags.`mlflow.user` LIKE 'a%'``. A text is parsed into comparisons whose
kinds, keys and operators are checked; nothing of it ever becomes SQL, only parameters of SQL.
See https://mlflow.org/docs/latest/ml/search/search-runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redspot.errors import InvalidError
from redspot.registry.recorded_run import finite

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<operator><=|>=|!=|<>|=|<|>)"
    r"|(?P<list>\([^()]*\))"
    r"|(?P<name>[A-Za-z_][\w]*(?:\.(?:`[^`]*`|\"[^\"]*\"|[^\s=<>!()'\"`]+))?|`[^`]*`(?:\.(?:`[^`]*`|[^\s=<>!()'\"`]+))?))",
)
_LISTED = re.compile(r"'((?:[^']|'')*)'|\"((?:[^\"]|\"\")*)\"")
_NUMERIC = frozenset({"=", "!=", "<", "<=", ">", ">="})
_TEXT = frozenset({"=", "!=", "LIKE", "ILIKE"})
_KINDS = {
    "metric": "metric",
    "metrics": "metric",
    "param": "param",
    "params": "param",
    "parameter": "param",
    "parameters": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "run": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}


class FilterError(InvalidError):
    """A filter or an order cannot be read."""

    code = "invalid-filter"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing that must hold.

    Attributes
    ----------
    kind
        ``attribute``, ``metric``, ``param``, ``tag`` or ``dataset``.
    operator
        ``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``LIKE``, ``ILIKE``, ``IN``, ``NOT IN``,
        ``IS NULL``, ``IS NOT NULL``.
    value
        A number, a text, texts for a list, or None for ``IS …``.
    """

    kind: str
    key: str
    operator: str
    value: float | int | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """What to sort by; a missing value comes last either way."""

    kind: str
    key: str
    ascending: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What may be searched for in one kind of thing.

    Attributes
    ----------
    texts, numbers
        Attributes of either kind.
    orders
        Attributes that can be sorted by.
    kinds
        What may stand before the dot.
    listed
        Attributes that ``IN`` is allowed for.
    nullable
        Kinds that ``IS NULL`` is allowed for.
    aliases
        Other spellings of attributes.
    """

    texts: frozenset[str]
    numbers: frozenset[str]
    orders: frozenset[str]
    kinds: frozenset[str]
    listed: frozenset[str] = frozenset()
    nullable: frozenset[str] = frozenset()
    aliases: dict[str, str] = field(default_factory=dict)


RUNS = Subject(
    texts=frozenset({"run_id", "run_name", "status", "artifact_uri", "user_id"}),
    numbers=frozenset({"start_time", "end_time"}),
    orders=frozenset({"run_id", "run_name", "status", "artifact_uri", "user_id", "start_time", "end_time"}),
    kinds=frozenset({"attribute", "metric", "param", "tag", "dataset"}),
    listed=frozenset({"run_id"}),
    nullable=frozenset({"tag", "param"}),
    aliases={"created": "start_time", "Created": "start_time", "Run Name": "run_name", "Run name": "run_name"},
)
EXPERIMENTS = Subject(
    texts=frozenset({"name", "experiment_id"}),
    numbers=frozenset({"creation_time", "last_update_time"}),
    orders=frozenset({"name", "experiment_id", "creation_time", "last_update_time"}),
    kinds=frozenset({"attribute", "tag"}),
    listed=frozenset({"experiment_id"}),
    nullable=frozenset({"tag"}),
)
MODELS = Subject(
    texts=frozenset({"name"}),
    numbers=frozenset(),
    orders=frozenset({"name", "creation_timestamp", "last_updated_timestamp"}),
    kinds=frozenset({"attribute", "tag"}),
    listed=frozenset({"name"}),
    aliases={"timestamp": "last_updated_timestamp"},
)
VERSIONS = Subject(
    texts=frozenset({"name", "run_id", "source_path"}),
    numbers=frozenset({"version_number"}),
    orders=frozenset({"name", "version_number", "creation_timestamp", "last_updated_timestamp"}),
    kinds=frozenset({"attribute", "tag"}),
    listed=frozenset({"run_id", "name"}),
)
LOGGED_MODELS = Subject(
    texts=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    numbers=frozenset({"creation_timestamp", "last_updated_timestamp"}),
    orders=frozenset(
        {"name", "model_id", "model_type", "status", "source_run_id", "creation_timestamp", "last_updated_timestamp"}
    ),
    kinds=frozenset({"attribute", "metric", "param", "tag"}),
    listed=frozenset({"name", "model_id", "model_type", "status", "source_run_id"}),
    aliases={"creation_time": "creation_timestamp", "last_updated_time": "last_updated_timestamp"},
)


def parse_filter(text: str | None, subject: Subject) -> tuple[Comparison, ...]:
    """Return the comparisons of a filter; none for an empty one.

    Raises
    ------
    FilterError
        Naming what cannot be read, or what there is instead.
    """
    if not text or not text.strip():
        return ()
    tokens = _tokens(text)
    found: list[Comparison] = []
    position = 0
    while True:
        comparison, position = _comparison(tokens, position, text, subject)
        found.append(comparison)
        if position == len(tokens):
            return tuple(found)
        kind, word = tokens[position]
        if kind != "name" or word.upper() != "AND":
            raise FilterError(f"Invalid clause(s) in filter string: {word!r}. Comparisons are joined by AND.")
        position += 1


def parse_orders(texts: list[str], subject: Subject) -> tuple[Order, ...]:
    """Return the orders of a list such as ``["metrics.rmse DESC", "start_time"]`` (FilterError)."""
    orders = tuple(_order(text, subject) for text in texts)
    if len({(order.kind, order.key) for order in orders}) < len(orders):
        raise FilterError(f"`order_by` contains duplicate fields: {texts}")
    return orders


def _order(text: str, subject: Subject) -> Order:
    match = re.fullmatch(r"\s*(.+?)(?:\s+(asc|desc))?\s*", text, re.IGNORECASE | re.DOTALL)
    if match is None:
        raise FilterError(f"Invalid order_by clause {text!r}. Could not be parsed.")
    name, direction = match.groups()
    if re.search(r"\s", re.sub(r"`[^`]*`|\"[^\"]*\"", "", name)):
        raise FilterError(f"Invalid order_by clause {text!r}. Could not be parsed.")
    kind, key = _identifier(name, subject, subject.orders)
    if kind == "dataset":
        raise FilterError(f"Invalid order_by clause {text!r}. Runs are not sorted by datasets.")
    return Order(kind, key, (direction or "asc").lower() == "asc")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise FilterError(f"Invalid clause(s) in filter string: {text[position : position + 80].strip()!r}.")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        position = match.end()
    return tokens


def _comparison(tokens: list[tuple[str, str]], position: int, text: str, subject: Subject) -> tuple[Comparison, int]:
    part = tokens[position : position + 4]
    if len(part) < 3 or part[0][0] not in ("name", "text"):
        found = " ".join(word for _, word in part)
        raise FilterError(f"Invalid comparison clause in filter string: {found or text!r}. Expected 3 tokens.")
    kind, key = _identifier(part[0][1], subject, subject.texts | subject.numbers)
    words = [word.upper() for _, word in part[1:]]
    if words[0] == "IS":
        return _null_comparison(kind, key, words, position, subject)
    if words[0] == "NOT" and words[1] == "IN" and len(part) == 4:
        operator, value, used = "NOT IN", part[3], 4
    else:
        operator, value, used = "!=" if words[0] == "<>" else words[0], part[2], 3
    return Comparison(kind, key, operator, _value(kind, key, operator, value, subject)), position + used


def _null_comparison(kind: str, key: str, words: list[str], position: int, subject: Subject) -> tuple[Comparison, int]:
    absent = words[1] == "NULL"
    if not absent and words[1:3] != ["NOT", "NULL"]:
        raise FilterError(f"Invalid comparison clause: expected IS NULL or IS NOT NULL after {key!r}.")
    if kind not in subject.nullable:
        allowed = " and ".join(f"{name}s" for name in sorted(subject.nullable, reverse=True)) or "nothing here"
        raise FilterError(f"IS NULL / IS NOT NULL is only supported for {allowed}, not for {kind!r} {key!r}")
    return Comparison(kind, key, "IS NULL" if absent else "IS NOT NULL", None), position + (3 if absent else 4)


def _identifier(text: str, subject: Subject, attributes: frozenset[str]) -> tuple[str, str]:
    if text[0] in "`\"'" and text[-1] == text[0] and text.count(text[0]) == 2:
        prefix, key = "attribute", text
    else:
        prefix, dot, key = text.partition(".")
        if not dot:
            prefix, key = "attribute", text
    kind = _KINDS.get(prefix.strip("`"))
    if kind is None or kind not in subject.kinds:
        raise FilterError(f"Invalid entity type '{prefix}'. Valid values are {sorted(subject.kinds)}")
    if len(key) >= 2 and key[0] == key[-1] and key[0] in "`\"'":
        key = key[1:-1]
    if kind == "attribute":
        key = subject.aliases.get(key, key)
        if key not in attributes:
            raise FilterError(f"Invalid attribute key '{key}' specified. Valid keys are '{sorted(attributes)}'")
    if kind == "dataset" and key not in ("name", "digest", "context"):
        raise FilterError(f"Invalid dataset key '{key}' specified. Valid keys are name, digest and context.")
    return kind, key


def _value(
    kind: str, key: str, operator: str, token: tuple[str, str], subject: Subject
) -> float | int | str | tuple[str, ...]:
    numeric = kind == "metric" or (kind == "attribute" and key in subject.numbers)
    lists = kind == "dataset" or (kind == "attribute" and key in subject.listed)
    allowed = _NUMERIC if numeric else _TEXT | ({"IN", "NOT IN"} if kind in ("attribute", "dataset") else set())
    if operator not in allowed:
        raise FilterError(f"Invalid comparator '{operator}' not one of '{sorted(allowed)}'")
    sort, word = token
    if numeric:
        if sort != "number":
            raise FilterError(f"Expected numeric value type for {kind} {key!r}. Found {word}")
        return int(word) if re.fullmatch(r"[+-]?\d{1,18}", word) else finite(float(word))
    if operator in ("IN", "NOT IN"):
        if not lists:
            raise FilterError(
                f"Only {sorted(subject.listed)} attributes support comparison with a list of quoted string values."
            )
        return _list(word) if sort == "list" else _list("")
    if sort != "text":
        raise FilterError(f"Expected a quoted string value for {kind} {key!r} (e.g. 'my-value'). Got value {word}")
    return word[1:-1]


def _list(word: str) -> tuple[str, ...]:
    inner = word[1:-1].strip()
    if not re.fullmatch(rf"(?:{_LISTED.pattern})(?:\s*,\s*(?:{_LISTED.pattern}))*\s*,?", inner):
        raise FilterError(
            "While parsing a list in the query, expected a non-empty list of string values, but got ill-formed list."
        )
    return tuple(match[1] if match[1] is not None else match[2] for match in _LISTED.finditer(inner))
