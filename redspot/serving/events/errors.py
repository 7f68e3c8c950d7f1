"""What can go wrong with events, one leaf for each thing somebody can act on."""

from __future__ import annotations

from redspot.errors import ConflictError, InvalidError, UnavailableError


class EventSettingsError(InvalidError):
    """A setting of the events cannot be used."""

    code = "event-settings"


class EventSinkError(UnavailableError):
    """The place where events are kept cannot be reached or written now."""

    code = "event-sink"


class SpoolInUseError(ConflictError):
    """Another shipper reads the same spool."""

    code = "spool-in-use"


class InvalidFeedbackError(InvalidError):
    """A label does not say which prediction it is about."""

    code = "invalid-feedback"
