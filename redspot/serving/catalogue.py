"""The models of one replica by name and version, each loaded or with the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

from redspot.serving.answer import Request
from redspot.serving.errors import ModelNotReadyError, ModelNotServedError
from redspot.serving.metrics import ModelMetrics
from redspot.serving.model import Model, Outcome
from redspot.serving.scores import ScoreCounts
from redspot.serving.served import ModelEntry

if TYPE_CHECKING:
    from redspot.serving.notebook import NotebookModel

Loaded: TypeAlias = "Model | NotebookModel"


class ModelState(StrEnum):
    """What a model of the catalogue does; the words are those of the model repository extension."""

    LOADING = "LOADING"
    READY = "READY"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(slots=True, eq=False)
class Place:
    """One model of the configuration.

    Attributes
    ----------
    model
        What answers; while it is loaded anew, the one before.
    scores
        What it predicted how often; None before it was loaded first.
    reason
        Why it is not available, in one sentence.
    is_wanted
        Whether it is to be loaded; the replica is ready when all that are wanted are.
    """

    entry: ModelEntry
    metrics: ModelMetrics
    state: ModelState = ModelState.LOADING
    reason: str = ""
    model: Loaded | None = None
    scores: ScoreCounts | None = None
    is_wanted: bool = True
    paths: tuple[str, ...] = field(default=(), repr=False)

    def stats(self) -> dict[str, Any]:
        """Return names, rows that were asked for, and what was predicted how often, as JSON."""
        told = {"model": self.entry.model, "version": self.entry.version, "rows": self.metrics.rows()}
        return {**told, "scores": {} if self.scores is None else self.scores.told()}


class Catalogue:
    """Models by name and version.

    Parameters
    ----------
    entries
        All that may be loaded. The first one answers where no model is named, and the first of each name where no
        version is.

    Attributes
    ----------
    asked
        What answers at which path, of all models that are loaded: one look is all that a prediction pays for.
    """

    def __init__(self, entries: Sequence[ModelEntry], workers: int = 1) -> None:
        self.places = tuple(Place(entry, ModelMetrics(entry.model, entry.version, workers)) for entry in entries)
        self.asked: dict[str, Callable[[Request], Outcome]] = {}
        self._by_name: dict[str, dict[str, Place]] = {}
        for place in self.places:
            versions = self._by_name.setdefault(place.entry.model, {})
            versions |= dict.fromkeys((place.entry.version, *place.entry.aliases), place)
        for place in self.places:
            place.paths = tuple(self._paths(place))

    @property
    def is_ready(self) -> bool:
        """Whether each model that is wanted answers."""
        return all(place.model is not None for place in self.places if place.is_wanted)

    def find(self, name: str | None = None, version: str | None = None) -> Place:
        """Return a model by name and version or alias.

        Raises
        ------
        ModelNotServedError
            When it is not in the configuration; the message names what is.
        """
        if name is None:
            return self.places[0]
        versions = self._by_name.get(name)
        place = None if versions is None else versions.get(version or next(iter(versions)))
        if place is None:
            shown = f"Version {version!r} of model {name!r}" if version else f"Model {name!r}"
            known = ", ".join(str(each.entry) for each in self.places[:20])
            more = f" and {len(self.places) - 20} more" if len(self.places) > 20 else ""
            first = self.places[0].entry
            raise ModelNotServedError(
                f"{shown} is not served here; there is {known}{more}.", model=first.model, version=first.version
            )
        return place

    def versions(self, name: str) -> list[Place]:
        """Return all versions of a model; raises as `find`."""
        self.find(name)
        return list(dict.fromkeys(self._by_name[name].values()))

    def ready(self, name: str | None = None, version: str | None = None) -> Loaded:
        """Return a model that answers.

        Raises
        ------
        ModelNotServedError, ModelNotReadyError
            When it is not there, or not loaded; the message says why.
        """
        place = self.find(name, version)
        if place.model is not None:
            return place.model
        says = "is being loaded" if place.state is ModelState.LOADING else f"is not loaded: {place.reason}"
        raise ModelNotReadyError(f"{place.entry} {says.rstrip('.')}.", model=place.entry.model, retry_after_s=1)

    def publish(self, place: Place, model: Loaded) -> Loaded | None:
        """Have a model answer from now on; return the one that did before."""
        before, place.model = place.model, model
        place.state, place.reason = ModelState.READY, ""
        for path in place.paths:
            kind = path.rpartition("/")[2]
            self.asked[path] = {"predict": model.predict, "invocations": model.invoke, "infer": model.infer}[kind]
        return before

    def withdraw(self, place: Place, reason: str) -> Loaded | None:
        """Have a model answer no longer, and say why; return it."""
        before, place.model = place.model, None
        place.state, place.reason = ModelState.UNAVAILABLE, reason
        for path in place.paths:
            self.asked.pop(path, None)
        return before

    def close(self) -> None:
        """Let go of all models' threads and spools."""
        for place in self.places:
            if place.model is not None:
                place.model.close()

    def _paths(self, place: Place) -> Iterator[str]:
        """Yield where a model is asked for predictions."""
        name = quote(place.entry.model, safe="")
        if place is self.places[0]:
            yield from ("/predict", "/invocations")
        versions = self._by_name[place.entry.model]
        named = [f"/versions/{quote(version, safe='')}" for version, each in versions.items() if each is place]
        for version in (*([""] if place is next(iter(versions.values())) else []), *named):
            yield f"/models/{name}{version}/predict"
            yield f"/models/{name}{version}/invocations"
            yield f"/v2/models/{name}{version}/infer"
