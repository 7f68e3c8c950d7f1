"""What a replica answers: the Open Inference Protocol, a plain ``/predict``, health and metrics."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, json_answer, problem, retry_headers, status_of
from redspot.serving.binary import JSON_SIZE_HEADER, split
from redspot.serving.body import read_json
from redspot.serving.errors import (
    BodyTooLargeError,
    InvalidBodyError,
    MethodNotAllowedError,
    ModelNotServedError,
    PathNotFoundError,
    ReplicaSecretError,
)
from redspot.serving.events.recorder import Recorder
from redspot.serving.invocations import Invocation, read_invocation
from redspot.serving.limits import Limits
from redspot.serving.metrics import ReplicaMetrics
from redspot.serving.openapi import openapi
from redspot.serving.predictor import PREDICTION, Predictions, Predictor
from redspot.serving.protocol import infer_answer, model_metadata, read_infer, server_metadata
from redspot.serving.scores import ScoreCounts, counting
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER, is_same, read_caller
from redspot.serving.slices import Slices
from redspot.serving.trial import trial_page

_PATHS = (
    "/predict, /invocations, /v2, /v2/health/live, /v2/health/ready, /v2/models/<model>[/versions/<version>],"
    " …/ready, …/infer, /openapi.json, /metrics, /stats and a page to try it at /"
)


Handling = Callable[[Request], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Served:
    """What is served under which names."""

    endpoint: str
    deployment_id: str
    model: str
    version: str


class Inference:
    """Answers requests with one predictor.

    Predictions are made on the event loop itself: threads make them slower, and a pipeline's steps need not
    bear them. Large requests are cut in slices, with others in between.

    Parameters
    ----------
    workers
        How many processes will answer with it.
    secret
        Every request but those of health must carry it: it proves that they came through the router.
    """

    def __init__(
        self, served: Served, predictor: Predictor, secret: str, limits: Limits | None = None, *, workers: int = 1
    ) -> None:
        self._served = served
        self._predictor = predictor
        self._secret = secret
        self._limits = limits or Limits()
        self._slices = Slices(predictor, self._limits)
        self._metrics = ReplicaMetrics(served.endpoint, served.model, served.version, workers)
        self._scores = ScoreCounts(predictor.schema, predictor.sample, workers)
        self._events: Recorder | None = None
        self._metadata = model_metadata(served.model, served.version, predictor.schema)
        description = openapi(served.endpoint, served.model, served.version, predictor.schema)
        self._asked: dict[str, Handling] = {"/predict": self._predict, "/invocations": self._invoke}
        self._fixed: dict[str, Callable[[], Answer]] = {
            "/": trial_page,
            "/openapi.json": lambda: json_answer(description),
            # What MLflow's clients look at.
            "/ping": lambda: json_answer({"live": True}),
            "/v2": lambda: json_answer(server_metadata()),
            "/v2/health/live": lambda: json_answer({"live": True}),
            "/v2/health/ready": lambda: json_answer({"ready": True}),
            "/metrics": self._metrics.render,
            "/stats": self._stats,
        }

    def become_worker(self, number: int) -> None:
        """Go on as one of several processes."""
        self._metrics.use(number)
        self._scores.use(number)

    def record(self, events: Recorder | None) -> None:
        """Have what is asked and answered from now on written down; None writes nothing."""
        self._events = events
        if events is not None:
            events.register(self._metrics.registry)

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        path = request.path
        if not path.startswith("/v2/health/"):
            self._check_origin(request)
        if path in self._asked:
            _check_method(request, "POST")
            return self._measured(self._asked[path], request)
        if path in self._fixed:
            _check_method(request, "GET", "HEAD")
            return self._fixed[path]()
        return self._answer_model(request)

    def refuse(self, error: RedspotError, request: Request) -> Answer:
        """Return an error in the format of its path: the protocol has one of its own."""
        if request.path == "/v2" or request.path.startswith("/v2/"):
            body = {"error": error.message, "code": error.code}
            answer = json_answer(body, status_of(error).value, retry_headers(error))
        else:
            answer = problem(error)
        return answer if self._events is None else self._events.named(request, answer)

    def _answer_model(self, request: Request) -> Answer | Awaitable[Answer]:
        match request.path.split("/")[1:]:
            case ["v2", "models", model, *rest]:
                pass
            case _:
                raise PathNotFoundError(f"Nothing answers at {request.path!r}; there is {_PATHS}.")
        version = self._served.version
        if len(rest) > 1 and rest[0] == "versions":
            version, rest = rest[1], rest[2:]
        if (model, version) != (self._served.model, self._served.version):
            raise ModelNotServedError(
                f"Version {version!r} of model {model!r} is not served here; served is version"
                f" {self._served.version!r} of {self._served.model!r}.",
                model=self._served.model,
                version=self._served.version,
            )
        match rest:
            case []:
                _check_method(request, "GET", "HEAD")
                return json_answer(self._metadata)
            case ["ready"]:
                _check_method(request, "GET", "HEAD")
                return json_answer({"name": self._served.model, "ready": True})
            case ["infer"]:
                _check_method(request, "POST")
                return self._measured(self._infer, request)
        raise PathNotFoundError(f"Nothing answers at {request.path!r}; there is {_PATHS}.")

    def _infer(self, request: Request) -> Answer | Awaitable[Answer]:
        schema, served = self._predictor.schema, self._served
        head, binary = split(request.body, request.headers.get(JSON_SIZE_HEADER, ""))
        asked = read_infer(read_json(head), schema, self._limits.rows, binary)
        self._metrics.count_rows(asked.rows)

        def render(predictions: Predictions) -> Answer:
            return infer_answer(asked, predictions, served.model, served.version, schema)

        return self._slices.answer(asked.part, asked.rows, counting(self._scores, render))

    def _stats(self) -> Answer:
        """Return what was predicted how often."""
        rows, scores = self._metrics.rows(), self._scores.told()
        return json_answer({"deployment_id": self._served.deployment_id, "rows": rows, "scores": scores})

    def _predict_one(self, row: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._predictor.predict_one(row)
        self._scores.count_row(answer)
        return answer

    def _predict(self, request: Request) -> Answer | Awaitable[Answer]:
        body = read_json(request.body)
        if isinstance(body, dict):
            self._metrics.count_rows(1)
            return self._row_answer([self._predict_one(body)])
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise InvalidBodyError("The body must be one row as a JSON object, or a list of such rows.")
        self._count(len(body))
        if len(body) == 1:
            return self._row_answer([self._predict_one(body[0])])
        asked = Invocation(body, len(body))
        render = counting(self._scores, lambda made: self._row_answer(made.rows()))
        return self._slices.answer(asked.part, asked.rows, render)

    def _row_answer(self, rows: list[dict[str, Any]]) -> Answer:
        return json_answer({"model": self._served.model, "version": self._served.version, "predictions": rows})

    def _invoke(self, request: Request) -> Answer | Awaitable[Answer]:
        asked = read_invocation(request.body, request.headers.get("Content-Type", ""), self._predictor.schema)
        self._count(asked.rows)
        if asked.rows == 1:
            answer = self._predict_one(asked.first())
            return _predictions([answer if self._predictor.has_extras else answer[PREDICTION]])

        def render(made: Predictions) -> Answer:
            return _predictions(made.rows() if self._predictor.has_extras else made.values)

        return self._slices.answer(asked.part, asked.rows, counting(self._scores, render))

    def _count(self, rows: int) -> None:
        if rows > self._limits.rows:
            raise BodyTooLargeError(f"{rows} rows are given; one request may have {self._limits.rows}.")
        self._metrics.count_rows(rows)

    def _measured(self, handle: Handling, request: Request) -> Answer | Awaitable[Answer]:
        begun = time.perf_counter()
        try:
            outcome = handle(request)
        except Exception as error:
            self._note_failure(request, error, begun)
            raise
        return (
            self._noted(request, outcome, begun)
            if isinstance(outcome, Answer)
            else self._later(request, outcome, begun)
        )

    async def _later(self, request: Request, outcome: Awaitable[Answer], begun: float) -> Answer:
        try:
            answer = await outcome
        except Exception as error:
            self._note_failure(request, error, begun)
            raise
        return self._noted(request, answer, begun)

    def _noted(self, request: Request, answer: Answer, begun: float) -> Answer:
        self._metrics.note(begun)
        return answer if self._events is None else self._events.note(request, answer, begun)

    def _note_failure(self, request: Request, error: Exception, begun: float) -> None:
        self._metrics.note_failure(begun)
        if self._events is not None:
            self._events.note_failure(request, error, begun)

    def _check_origin(self, request: Request) -> None:
        if not is_same(request.headers.get(SECRET_HEADER, ""), self._secret):
            raise ReplicaSecretError("A replica answers the router only; call the endpoint's URL.")
        signed = request.headers.get(CALLER_HEADER)
        if signed is not None and read_caller(signed, self._secret) is None:
            raise ReplicaSecretError("The caller's name is not signed by the router.")


def _check_method(request: Request, *allowed: str) -> None:
    if request.method not in allowed:
        raise MethodNotAllowedError(f"{request.path} answers {' and '.join(allowed)}, not {request.method}.")


def _predictions(values: list[Any]) -> Answer:
    return json_answer({"predictions": values})
