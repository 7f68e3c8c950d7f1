"""Typed parameters, read from the ``parameters`` cell without running it."""

from __future__ import annotations

import ast
import io
import math
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from redspot.errors import InvalidError


class UnknownParameterError(InvalidError):
    """A value was given for a parameter that the notebook does not declare."""

    code = "unknown-parameter"


class ParameterTypeError(InvalidError):
    """A value is not of its parameter's type."""

    code = "parameter-type"


class ParametersCellError(InvalidError):
    """The ``parameters`` cell cannot be read."""

    code = "parameters-cell"


class ParameterKind(StrEnum):
    """The type of a parameter, as the form shows it."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    STR = "str"
    DATE = "date"
    LIST = "list"
    DICT = "dict"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name of the ``parameters`` cell.

    Attributes
    ----------
    default
        JSON value; a date is its ISO form. None with `has_default` False when the cell gives none that can be read.
    choices
        What ``Literal[…]`` allows; empty when anything of the kind goes.
    optional
        Whether None is allowed.
    help
        The comment on the same line.
    """

    name: str
    kind: ParameterKind
    default: Any
    has_default: bool
    choices: tuple[Any, ...] = ()
    optional: bool = False
    help: str = ""

    def parse(self, value: Any) -> Any:
        """Return `value` as this parameter's type, as JSON.

        An int is a float too, and a whole float an int; nothing else is converted.

        Raises
        ------
        ParameterTypeError
            When it is of another type, or not among the choices.
        """
        if value is None and self.optional:
            return None
        parsed = _PARSERS[self.kind](value)
        if parsed is _WRONG:
            raise ParameterTypeError(
                f"Parameter {self.name!r} needs {self._wants()}, not {value!r}.",
                parameter=self.name,
                kind=str(self.kind),
            )
        if self.choices and parsed not in self.choices:
            known = ", ".join(repr(choice) for choice in self.choices)
            raise ParameterTypeError(
                f"Parameter {self.name!r} is one of {known}, not {value!r}.", parameter=self.name, kind=str(self.kind)
            )
        return parsed

    def _wants(self) -> str:
        return f"{_ARTICLES[self.kind]}{' or null' if self.optional else ''}"


_WRONG = object()
_ARTICLES = {
    ParameterKind.INT: "a whole number (int)",
    ParameterKind.FLOAT: "a number (float)",
    ParameterKind.BOOL: "true or false (bool)",
    ParameterKind.STR: "a text (str)",
    ParameterKind.DATE: "a date such as 2026-11-23 (date)",
    ParameterKind.LIST: "a list",
    ParameterKind.DICT: "an object (dict)",
    ParameterKind.ANY: "a JSON value",
}


def _int(value: Any) -> Any:
    if isinstance(value, bool):
        return _WRONG
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else _WRONG


def _float(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _WRONG
    return float(value) if math.isfinite(value) else _WRONG


def _date(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else _WRONG
    except ValueError:
        return _WRONG


_PARSERS: Mapping[ParameterKind, Any] = {
    ParameterKind.INT: _int,
    ParameterKind.FLOAT: _float,
    ParameterKind.BOOL: lambda value: value if isinstance(value, bool) else _WRONG,
    ParameterKind.STR: lambda value: value if isinstance(value, str) else _WRONG,
    ParameterKind.DATE: _date,
    ParameterKind.LIST: lambda value: list(value) if isinstance(value, list | tuple) else _WRONG,
    ParameterKind.DICT: lambda value: value if isinstance(value, dict) else _WRONG,
    ParameterKind.ANY: lambda value: value,
}


def parse_values(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values, each as its parameter's type.

    Raises
    ------
    UnknownParameterError
        When a name is not declared; the message lists those that are.
    ParameterTypeError
        When a value is of another type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in known:
            listed = ", ".join(known) or "none (the notebook has no 'parameters' cell)"
            raise UnknownParameterError(
                f"The notebook has no parameter {name!r}; its parameters are: {listed}.", parameter=name
            )
    return {name: known[name].parse(value) for name, value in values.items()}


def read_parameters(source: str) -> tuple[Parameter, ...]:
    """Return the parameters that a ``parameters`` cell declares, by static analysis.

    Raises
    ------
    ParametersCellError
        When the cell is not Python.

    Examples
    --------
    >>> [p.name for p in read_parameters("seed: int = 7  # random seed")]
    ['seed']
    """
    try:
        module = ast.parse(source)
    except SyntaxError as error:
        raise ParametersCellError(
            f"The 'parameters' cell cannot be read: {error.msg} in line {error.lineno}.", line=error.lineno
        ) from None
    comments = _comments(source)
    found: dict[str, Parameter] = {}
    for statement in module.body:
        parameter = _read_statement(statement)
        if parameter is not None:
            found[parameter.name] = replace(parameter, help=comments.get(statement.end_lineno or 0, ""))
    return tuple(found.values())


def _read_statement(statement: ast.stmt) -> Parameter | None:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return _read(statement.target.id, statement.value, statement.annotation)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return _read(statement.targets[0].id, statement.value, None)
    return None


def _read(name: str, value: ast.expr | None, annotation: ast.expr | None) -> Parameter:
    default, has_default = _default(value)
    kind, choices, optional = _annotation(annotation)
    if annotation is None:
        kind = _kind_of(default, value) if has_default else ParameterKind.ANY
        optional = has_default and default is None
    return Parameter(name, kind, default, has_default, choices, optional)


def _default(value: ast.expr | None) -> tuple[Any, bool]:
    if value is None:
        return None, False
    if isinstance(value, ast.Call) and ast.unparse(value.func).split(".")[-1] in ("date", "fromisoformat"):
        try:
            arguments = [ast.literal_eval(argument) for argument in value.args]
            made = date.fromisoformat(*arguments) if isinstance(arguments[0], str) else date(*arguments)
        except (ValueError, TypeError, IndexError):
            return None, False
        return made.isoformat(), True
    try:
        literal = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None, False
    return _as_json(literal)


def _as_json(value: Any) -> tuple[Any, bool]:
    if isinstance(value, tuple | list):
        pairs = [_as_json(item) for item in value]
        return [item for item, _ in pairs], all(ok for _, ok in pairs)
    if isinstance(value, dict):
        pairs = [_as_json(item) for item in value.values()]
        keys_ok = all(isinstance(key, str) for key in value)
        return dict(zip(value, (item for item, _ in pairs), strict=True)), keys_ok and all(ok for _, ok in pairs)
    if isinstance(value, float) and not math.isfinite(value):
        return None, False
    return value, value is None or isinstance(value, str | int | float | bool)


def _kind_of(default: Any, value: ast.expr | None) -> ParameterKind:
    if isinstance(value, ast.Call):
        return ParameterKind.DATE
    if default is None:
        return ParameterKind.ANY
    return _KINDS.get(type(default).__name__, ParameterKind.ANY)


_KINDS = {
    "int": ParameterKind.INT,
    "float": ParameterKind.FLOAT,
    "bool": ParameterKind.BOOL,
    "str": ParameterKind.STR,
    "date": ParameterKind.DATE,
    "list": ParameterKind.LIST,
    "List": ParameterKind.LIST,
    "tuple": ParameterKind.LIST,
    "Sequence": ParameterKind.LIST,
    "dict": ParameterKind.DICT,
    "Dict": ParameterKind.DICT,
    "Mapping": ParameterKind.DICT,
    "Path": ParameterKind.STR,
}


def _annotation(annotation: ast.expr | None) -> tuple[ParameterKind, tuple[Any, ...], bool]:
    """Return (kind, choices, optional) of an annotation; what is not known is ``any``."""
    if annotation is None:
        return ParameterKind.ANY, (), False
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [annotation.left, annotation.right]
        rest = [side for side in sides if not (isinstance(side, ast.Constant) and side.value is None)]
        if len(rest) == 1:
            kind, choices, _ = _annotation(rest[0])
            return kind, choices, len(sides) > len(rest)
        return ParameterKind.ANY, (), False
    if isinstance(annotation, ast.Subscript):
        name = ast.unparse(annotation.value).split(".")[-1]
        if name == "Optional":
            kind, choices, _ = _annotation(annotation.slice)
            return kind, choices, True
        if name == "Literal":
            return _literal(annotation.slice)
        return _KINDS.get(name, ParameterKind.ANY), (), False
    return _KINDS.get(ast.unparse(annotation).split(".")[-1], ParameterKind.ANY), (), False


def _literal(expression: ast.expr) -> tuple[ParameterKind, tuple[Any, ...], bool]:
    try:
        found = ast.literal_eval(expression)
    except ValueError:
        return ParameterKind.ANY, (), False
    values = found if isinstance(found, tuple) else (found,)
    choices = tuple(value for value in values if value is not None)
    kinds = {_KINDS.get(type(value).__name__, ParameterKind.ANY) for value in choices}
    return (kinds.pop() if len(kinds) == 1 else ParameterKind.ANY), choices, None in values


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}
