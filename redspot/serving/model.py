"""One loaded model, as requests see it: plain rows, MLflow's form, and the Open Inference Protocol."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from orjson import JSONDecodeError, dumps, loads

from redspot.serving.answer import Answer, Request, json_answer, to_json
from redspot.serving.batching import Batcher
from redspot.serving.binary import JSON_SIZE_HEADER, split
from redspot.serving.body import read_json
from redspot.serving.errors import BodyTooLargeError, InvalidBodyError
from redspot.serving.events.recorder import Recorder
from redspot.serving.invocations import Invocation, read_invocation
from redspot.serving.limits import Limits
from redspot.serving.metrics import ModelMetrics
from redspot.serving.openapi import openapi
from redspot.serving.predictor import PREDICTION, Predictions, Predictor
from redspot.serving.protocol import infer_answer, model_metadata, read_infer
from redspot.serving.scores import ScoreCounts, counting
from redspot.serving.served import Served
from redspot.serving.slices import Slices

Outcome = Answer | Awaitable[Answer]


class Model:
    """Answers requests with one predictor.

    Predictions are made on the event loop itself: threads make them slower, and a pipeline's steps need not
    bear them. Large requests are cut in slices, with others in between. Where batching gains something, all of
    the model's predictions are made in the one thread of its batcher instead.

    Parameters
    ----------
    scores
        Counts what is predicted.
    batcher
        None where rows are answered one by one.
    events
        Has what is asked and answered written down; None writes nothing.
    """

    def __init__(
        self,
        served: Served,
        predictor: Predictor,
        limits: Limits,
        metrics: ModelMetrics,
        scores: ScoreCounts,
        batcher: Batcher | None = None,
        events: Recorder | None = None,
    ) -> None:
        self.served = served
        self.predictor = predictor
        self.batcher = batcher
        self.events = events
        self._limits = limits
        self._slices = Slices(predictor, limits, batcher)
        self._metrics = metrics
        self._scores = scores
        self._count_row = scores.count_row
        self._row_function = predictor.row_function
        # All of a plain answer that is the same for each request.
        self._start = to_json({"model": served.model, "version": served.version})[:-1] + b',"predictions":'

    def predict(self, request: Request) -> Outcome:
        """Answer ``POST /predict``: one row, or a list of rows.

        One row that is answered on the spot, as nearly every request asks, is written out here: each call that it does
        without is one that it does not wait for.
        """
        begun = time.perf_counter()
        try:
            row = loads(request.body)
        except JSONDecodeError:
            return self._measured(self._predict, request, begun)
        if type(row) is not dict or self.batcher is not None:
            return self._measured(self._predict, request, begun)
        try:
            answered = self._row_function(row)
            self._count_row(answered)
            answer = Answer(200, b"%b[%b]}" % (self._start, dumps(answered)))
        except Exception as error:
            self._metrics.count_rows(1)
            self._note_failure(request, error, begun)
            raise
        self._metrics.note_row(begun)
        return answer if self.events is None else self.events.note(request, answer, begun)

    def invoke(self, request: Request) -> Outcome:
        """Answer ``POST /invocations``."""
        return self._measured(self._invoke, request, time.perf_counter())

    def infer(self, request: Request) -> Outcome:
        """Answer ``POST /v2/models/<model>/infer``."""
        return self._measured(self._infer, request, time.perf_counter())

    def metadata(self, versions: list[str]) -> Answer:
        """Return inputs and outputs as the protocol tells them."""
        return json_answer(model_metadata(self.served.model, versions, self.predictor.schema))

    def description(self, prefix: str) -> Answer:
        """Return the OpenAPI document; made when it is asked for, which costs less than keeping it."""
        served = self.served
        return json_answer(openapi(served.endpoint, served.model, served.version, self.predictor.schema, prefix))

    def close(self) -> None:
        """Let go of thread and spool."""
        if self.batcher is not None:
            self.batcher.close()
        if self.events is not None:
            self.events.close()

    def _predict_one(self, row: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._row_function(row)
        self._count_row(answer)
        return answer

    async def _predict_later(self, row: Mapping[str, Any], batcher: Batcher) -> dict[str, Any]:
        answer = await batcher.predict_one(row)
        self._count_row(answer)
        return answer

    def _predict(self, request: Request) -> Outcome:
        body = read_json(request.body)
        if isinstance(body, dict):
            body = [body]
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise InvalidBodyError("The body must be one row as a JSON object, or a list of such rows.")
        self._count(len(body))
        if len(body) == 1:
            if self.batcher is not None:
                return self._row_later(body[0], self.batcher)
            return self._rows([self._predict_one(body[0])])
        asked = Invocation(body, len(body))
        render = counting(self._scores, lambda made: self._rows(made.rows()))
        return self._slices.answer(asked.part, asked.rows, render)

    async def _row_later(self, row: dict[str, Any], batcher: Batcher) -> Answer:
        return self._rows([await self._predict_later(row, batcher)])

    def _rows(self, rows: list[dict[str, Any]]) -> Answer:
        return Answer(200, b"%b%b}" % (self._start, to_json(rows)))

    def _invoke(self, request: Request) -> Outcome:
        asked = read_invocation(request.body, request.headers.get("Content-Type", ""), self.predictor.schema)
        self._count(asked.rows)
        has_extras = self.predictor.has_extras

        def shown(row: dict[str, Any]) -> Answer:
            return _predictions([row if has_extras else row[PREDICTION]])

        async def later(batcher: Batcher) -> Answer:
            return shown(await self._predict_later(asked.first(), batcher))

        if asked.rows == 1:
            return shown(self._predict_one(asked.first())) if self.batcher is None else later(self.batcher)

        def render(made: Predictions) -> Answer:
            return _predictions(made.rows() if has_extras else made.values)

        return self._slices.answer(asked.part, asked.rows, counting(self._scores, render))

    def _infer(self, request: Request) -> Outcome:
        schema, served = self.predictor.schema, self.served
        head, binary = split(request.body, request.headers.get(JSON_SIZE_HEADER, ""))
        asked = read_infer(read_json(head), schema, self._limits.rows, binary)
        self._metrics.count_rows(asked.rows)

        def render(predictions: Predictions) -> Answer:
            return infer_answer(asked, predictions, served.model, served.version, schema)

        async def later(batcher: Batcher) -> Answer:
            return render(self.predictor.of_rows([await self._predict_later(asked.first(), batcher)]))

        if asked.rows == 1 and self.batcher is not None:
            return later(self.batcher)
        return self._slices.answer(asked.part, asked.rows, counting(self._scores, render))

    def _count(self, rows: int) -> None:
        if rows > self._limits.rows:
            raise BodyTooLargeError(f"{rows} rows are given; one request may have {self._limits.rows}.")
        self._metrics.count_rows(rows)

    def _measured(self, handle: Callable[[Request], Outcome], request: Request, begun: float) -> Outcome:
        try:
            outcome = handle(request)
        except Exception as error:
            self._note_failure(request, error, begun)
            raise
        if not isinstance(outcome, Answer):
            return self._later(request, outcome, begun)
        self._metrics.note(begun)
        return outcome if self.events is None else self.events.note(request, outcome, begun)

    async def _later(self, request: Request, outcome: Awaitable[Answer], begun: float) -> Answer:
        try:
            answer = await outcome
        except Exception as error:
            self._note_failure(request, error, begun)
            raise
        self._metrics.note(begun)
        return answer if self.events is None else self.events.note(request, answer, begun)

    def _note_failure(self, request: Request, error: Exception, begun: float) -> None:
        self._metrics.note_failure(begun)
        if self.events is not None:
            self.events.note_failure(request, error, begun)


def _predictions(values: list[Any]) -> Answer:
    return json_answer({"predictions": values})
