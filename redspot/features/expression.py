"""Filters and derivations: a small language, read by Python's own parser and never run as Python."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from redspot.features.errors import InvalidExpressionError

COMPARISONS: Mapping[type[ast.cmpop], str] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "IS NOT DISTINCT FROM",
    ast.IsNot: "IS DISTINCT FROM",
}
OPERATORS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}

# Name in the language: SQL with one {} for each argument.
FUNCTIONS: Mapping[str, str] = {
    "abs": "abs({})",
    "ceil": "ceil({})",
    "coalesce": "coalesce({}, {})",
    "contains": "contains({}, {})",
    "day": "day({})",
    "exp": "exp({})",
    "floor": "floor({})",
    "hour": "hour({})",
    "is_missing": "({} IS NULL)",
    "length": "length({})",
    "log": "CASE WHEN {0} > 0 THEN ln({0}) END",
    "lower": "lower({})",
    "maximum": "greatest({}, {})",
    "minimum": "least({}, {})",
    "month": "month({})",
    "round": "round({})",
    "sqrt": "CASE WHEN {0} >= 0 THEN sqrt({0}) END",
    "upper": "upper({})",
    "weekday": "(isodow({}) - 1)",
    "year": "year({})",
}


@dataclass(frozen=True)
class Expression:
    """What is computed of the columns of one row.

    Names are columns; there are numbers, texts, ``True``, ``False`` and ``None``; ``and or not``, comparisons (also
    chained), ``in [..]``, ``is None``, ``+ - * / %``, ``a if c else b``, and the functions of `FUNCTIONS`. A
    missing value makes a result missing, as in SQL; a filter keeps the rows whose result is true. Dividing by zero is
    missing. Column names that are no Python names are written ``column("Total ($)")``.

    Attributes
    ----------
    text
        The expression in one fixed way of writing.

    Examples
    --------
    >>> Expression.parse("delay>15 and not cancelled").text
    'delay > 15 and (not cancelled)'
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Return the expression that a text says.

        Raises
        ------
        InvalidExpressionError
            If the text is no expression of this language.
        """
        if not isinstance(text, str) or len(text) > 10_000:
            raise InvalidExpressionError("An expression is a text of at most 10,000 characters.")
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise InvalidExpressionError(f"{text!r} is no expression: {error}.") from error
        found = cls(ast.unparse(tree))
        found.sql({name: "x" for name in found.names})
        return found

    @cached_property
    def _tree(self) -> ast.expr:
        return ast.parse(self.text, mode="eval").body

    @cached_property
    def names(self) -> frozenset[str]:
        """The columns that it reads."""
        return frozenset(_names(self._tree))

    def check(self, existing: Collection[str], where: str) -> None:
        """Refuse columns that do not exist.

        Raises
        ------
        InvalidExpressionError
            If one does not; the message lists those that do.
        """
        missing = sorted(self.names.difference(existing))
        if missing:
            raise InvalidExpressionError(
                f"{where}: {self.text!r} names {', '.join(map(repr, missing))};"
                f" there are {', '.join(sorted(existing))}."
            )

    def sql(self, columns: Mapping[str, str]) -> str:
        """Return the expression in DuckDB's SQL.

        Parameters
        ----------
        columns
            SQL of each column that the expression names.
        """
        return _sql(self._tree, columns)

    def __str__(self) -> str:
        return self.text


def quote_name(name: str) -> str:
    """Return a column's or table's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """Return a text as an SQL literal."""
    if "\0" in text:
        raise InvalidExpressionError("A text holds the character zero, which no engine takes.")
    return "'" + text.replace("'", "''") + "'"


def _names(node: ast.expr) -> set[str]:
    if _column_call(node) is not None:
        return {str(_column_call(node))}
    if isinstance(node, ast.Name):
        return {node.id}
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr) and not (isinstance(node, ast.Call) and child is node.func):
            found |= _names(child)
    return found


def _column_call(node: ast.expr) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "column":
        match node.args:
            case [ast.Constant(value=str(name))]:
                return name
    return None


def _sql(node: ast.expr, columns: Mapping[str, str]) -> str:
    match node:
        case ast.Constant(value=value):
            return _literal(value)
        case ast.Name(id=name):
            return columns[name]
        case ast.BoolOp(op=op, values=values):
            word = " AND " if isinstance(op, ast.And) else " OR "
            return "(" + word.join(_sql(value, columns) for value in values) + ")"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"(NOT {_sql(operand, columns)})"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(- {_sql(operand, columns)})"
        case ast.BinOp(left=left, op=op, right=right):
            return _arithmetic(_sql(left, columns), op, _sql(right, columns))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            sides = [left, *rights]
            return (
                "(" + " AND ".join(_comparison(sides[i], op, sides[i + 1], columns) for i, op in enumerate(ops)) + ")"
            )
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"CASE WHEN {_sql(test, columns)} THEN {_sql(body, columns)} ELSE {_sql(orelse, columns)} END"
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _call(node, name, arguments, columns)
    raise InvalidExpressionError(f"{ast.unparse(node)!r} is not part of the language of expressions.")


def _call(node: ast.expr, name: str, arguments: list[ast.expr], columns: Mapping[str, str]) -> str:
    column = _column_call(node)
    if column is not None:
        return columns[column]
    template = FUNCTIONS.get(name)
    if template is None:
        raise InvalidExpressionError(f"There is no function {name!r}; there are {', '.join(FUNCTIONS)}, column.")
    count = 1 if "{0}" in template else template.count("{}")
    if len(arguments) != count:
        raise InvalidExpressionError(f"{name} takes {count} argument{'s' * (count > 1)}, not {len(arguments)}.")
    return template.format(*(_sql(argument, columns) for argument in arguments))


def _arithmetic(left: str, op: ast.operator, right: str) -> str:
    if type(op) in OPERATORS:
        return f"({left} {OPERATORS[type(op)]} {right})"
    if isinstance(op, ast.Div):
        return f"(CAST({left} AS DOUBLE) / nullif({right}, 0))"
    if isinstance(op, ast.Mod):
        return f"({left} % nullif({right}, 0))"
    raise InvalidExpressionError(f"The operator {type(op).__name__} is not part of the language; there are + - * / %.")


def _comparison(left: ast.expr, op: ast.cmpop, right: ast.expr, columns: Mapping[str, str]) -> str:
    if isinstance(op, ast.In | ast.NotIn):
        if not isinstance(right, ast.List | ast.Tuple) or not right.elts:
            raise InvalidExpressionError(f"Right of in stands a list that is not empty, not {ast.unparse(right)!r}.")
        values = ", ".join(_sql(value, columns) for value in right.elts)
        return f"({_sql(left, columns)} {'NOT IN' if isinstance(op, ast.NotIn) else 'IN'} ({values}))"
    return f"({_sql(left, columns)} {COMPARISONS[type(op)]} {_sql(right, columns)})"


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int) and abs(value) < 2**63:
        return str(value)
    if isinstance(value, float) and value - value == 0:
        return f"CAST({value!r} AS DOUBLE)"
    if isinstance(value, str):
        return quote_text(value)
    raise InvalidExpressionError(f"{value!r} is no number, text, truth value or None that an expression may hold.")
