"""What can be wrong with feature definitions and their data."""

from __future__ import annotations

from redspot.errors import InvalidError


class InvalidDefinitionError(InvalidError):
    """A source, group or training set cannot be as it is declared."""

    code = "invalid-feature-definition"


class InvalidExpressionError(InvalidError):
    """A filter or derivation cannot be read, or names what does not exist."""

    code = "invalid-expression"


class InvalidWindowError(InvalidError):
    """A text is no length of time that a window can have."""

    code = "invalid-window"


class SourceSchemaError(InvalidError):
    """The data of a source is not what its schema says."""

    code = "source-schema"


class SourceReadError(InvalidError):
    """The data of a source cannot be read."""

    code = "source-unreadable"


class SpineError(InvalidError):
    """The rows that a training set is asked for lack a column or a time."""

    code = "invalid-spine"
