"""Events: what was asked and answered, kept, labelled later, and read again."""

from redspot.serving.events.feedback import Label, read_labels, write_feedback
from redspot.serving.events.joining import joined
from redspot.serving.events.settings import EventSettings

__all__ = ["EventSettings", "Label", "joined", "read_labels", "write_feedback"]
