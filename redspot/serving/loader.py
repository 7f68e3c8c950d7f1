"""Loading models while others answer: in a thread, each warmed and proved before it takes the place of what was."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from redspot.errors import RedspotError
from redspot.pipeline import Schema
from redspot.serving.batching import Batcher
from redspot.serving.board import Board, wants_loaded
from redspot.serving.catalogue import Catalogue, Loaded, ModelState, Place
from redspot.serving.config import ReplicaConfig
from redspot.serving.errors import RequestTooSlowError
from redspot.serving.events.recorder import Recorder, Source
from redspot.serving.model import Model
from redspot.serving.predictor import Predictor
from redspot.serving.scores import ScoreCounts

if TYPE_CHECKING:
    from redspot.serving.notebook import Notebook

log = logging.getLogger("redspot.serving")

# Loading is nearly all Python: the loop, which answers meanwhile, gets its turn that often.
_TURN_S = 0.0005
_LOOK_S = 0.05
UNLOADED = "it was unloaded"
Opened: TypeAlias = "Predictor | Notebook"


class Loader:
    """Brings models into a catalogue and out of it.

    Parameters
    ----------
    on_hang
        Called with a sentence when a model does not come back from a batch.
    """

    def __init__(self, config: ReplicaConfig, catalogue: Catalogue, on_hang: Callable[[str], None]) -> None:
        self._config = config
        self._catalogue = catalogue
        self._on_hang = on_hang
        self._board = Board(len(catalogue.places), config.workers)
        self._worker = 0
        self._numbers = {id(place): number for number, place in enumerate(catalogue.places)}
        self._carried_out = [0] * len(catalogue.places)
        self._loaded: dict[int, Opened] = {}
        self._turn = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    def load_now(self, *, strictly: bool = False) -> None:
        """Load all models before anybody asks; what the workers share is loaded so.

        Raises
        ------
        RedspotError
            When `strictly`, and a model cannot be loaded.
        """
        for number, place in enumerate(self._catalogue.places):
            try:
                opened = self._open(place)
                # What is wrong with the settings is said before anybody listens.
                recorder(self._config, place, opened.schema)
                if isinstance(opened, Predictor):
                    # Before there are workers, so that their counts are one.
                    place.scores = self._scores(opened)
                self._loaded[number] = opened
            except Exception as error:
                if strictly:
                    raise
                self._note_failure(place, error)

    def become_worker(self, number: int) -> None:
        """Go on as one of several processes."""
        self._worker = number
        for place in self._catalogue.places:
            if place.scores is not None:
                place.scores.use(number)

    def publish_loaded(self) -> None:
        """Have the models answer that `load_now` loaded; to be called in the process that answers."""
        for number, opened in self._loaded.items():
            place = self._catalogue.places[number]
            self._catalogue.publish(place, self._model(place, opened))
        self._loaded.clear()

    async def run(self) -> None:
        """Load what is wanted and not there yet, then carry out orders that other workers got, until cancelled."""
        for place in self._catalogue.places:
            if place.state is ModelState.LOADING:
                await self._load(place)
        while self._config.workers > 1:
            for number, place in enumerate(self._catalogue.places):
                if self._board.latest(number) != self._carried_out[number]:
                    await self._carry_out(place)
            await asyncio.sleep(_LOOK_S)

    async def order(self, places: Iterable[Place], *, loaded: bool) -> None:
        """Have models loaded, anew if they are there already, or unloaded, in all workers.

        Raises
        ------
        RequestTooSlowError
            When that takes longer than a request may.
        """
        orders = [(place, self._board.order(self._numbers[id(place)], loaded=loaded)) for place in places]
        for place, _ in orders:
            await self._carry_out(place)
        end_by = time.monotonic() + self._config.limits.seconds
        while not all(self._board.is_done(self._numbers[id(place)], order) for place, order in orders):
            if time.monotonic() > end_by:
                raise RequestTooSlowError("Not all workers have carried out the order yet; look at the index later.")
            await asyncio.sleep(_LOOK_S / 4)

    async def _carry_out(self, place: Place) -> None:
        number = self._numbers[id(place)]
        order = self._board.latest(number)
        if order == self._carried_out[number]:
            return
        self._carried_out[number] = order
        place.is_wanted = wants_loaded(order)
        if place.is_wanted:
            await self._load(place)
        else:
            _close(self._catalogue.withdraw(place, UNLOADED))
            log.info("%s was unloaded", place.entry)
        self._board.note(self._worker, number, order)

    async def _load(self, place: Place) -> None:
        async with self._turn:
            place.state = ModelState.LOADING
            before = sys.getswitchinterval()
            sys.setswitchinterval(_TURN_S)
            try:
                with ThreadPoolExecutor(1, thread_name_prefix="redspot-load") as thread:
                    opened = await asyncio.get_running_loop().run_in_executor(thread, self._open, place)
                model = self._model(place, opened)
            except Exception as error:
                self._note_failure(place, error)
                return
            finally:
                sys.setswitchinterval(before)
            if not place.is_wanted:
                _close(model)
                return
            _close(self._catalogue.publish(place, model))
            log.info("%s is ready", place.entry)

    def _open(self, place: Place) -> Opened:
        if place.entry.is_notebook:
            # Few replicas serve one, and none other pays for what it imports.
            from redspot.serving.notebook import Notebook

            return Notebook.open(place.entry.file)
        return Predictor.open(place.entry.file, self._config.trusted_modules)

    def _model(self, place: Place, opened: Opened) -> Loaded:
        if isinstance(opened, Predictor):
            return self._pipeline_model(place, opened)
        config = self._config
        events = recorder(config, place, opened.schema)
        return opened.model(config.served(place.entry), config.limits, place.metrics, self._on_hang, events)

    def _pipeline_model(self, place: Place, predictor: Predictor) -> Model:
        config = self._config
        batcher = None
        if config.batching.mode == "on" or (config.batching.mode == "auto" and predictor.gains_from_batches):
            limits = config.limits
            waiting = limits.waiting * config.batching.max_rows
            batcher = Batcher(
                predictor, config.batching, seconds=limits.seconds, max_waiting=waiting, on_hang=self._on_hang
            )
        events = recorder(config, place, predictor.schema)
        scores = self._scores(predictor)
        if place.scores is None or not place.scores.is_like(scores):
            place.scores = scores
        served = config.served(place.entry)
        return Model(served, predictor, config.limits, place.metrics, place.scores, batcher, events)

    def _scores(self, predictor: Predictor) -> ScoreCounts:
        return ScoreCounts(predictor.schema, predictor.sample, self._config.workers)

    def _note_failure(self, place: Place, error: Exception) -> None:
        """Say why a model is not there; one that was there before goes on answering."""
        if isinstance(error, RedspotError):
            reason = error.message
        else:
            log.error("%s cannot be loaded", place.entry, exc_info=error)
            reason = f"{type(error).__name__}: {error}"
        log.error("%s is not loaded: %s", place.entry, reason)
        place.state = ModelState.UNAVAILABLE if place.model is None else ModelState.READY
        place.reason = reason


def recorder(config: ReplicaConfig, place: Place, schema: Schema) -> Recorder | None:
    """Return what writes down the events of a model; None where events are off.

    Raises
    ------
    EventSettingsError
        When a column to redact does not exist.
    """
    served = config.served(place.entry)
    source = Source(served.endpoint, served.deployment_id, served.model, served.version)
    return Recorder.of(source, config.events, schema, redact=place.entry.redact)


def _close(model: Loaded | None) -> None:
    if model is not None:
        model.close()
