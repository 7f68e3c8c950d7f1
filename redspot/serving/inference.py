"""What a replica answers: the Open Inference Protocol, a plain ``/predict``, health and metrics."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, json_answer, problem, status_of
from redspot.serving.errors import (
    BodyTooLargeError,
    InvalidBodyError,
    MethodNotAllowedError,
    ModelNotServedError,
    PathNotFoundError,
    ReplicaSecretError,
)
from redspot.serving.events.recorder import Recorder
from redspot.serving.metrics import ReplicaMetrics
from redspot.serving.predictor import Predictions, Predictor, joined
from redspot.serving.protocol import model_metadata, read_infer, render_infer, server_metadata
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER, is_same, read_caller

MAX_ROWS = 200_000
# Some ten milliseconds of work: what comes in meanwhile waits no longer than that for its turn.
SLICE_ROWS = 1024

_PATHS = (
    "/v2, /v2/health/live, /v2/health/ready, /v2/models/<model>[/versions/<version>], …/ready, …/infer,"
    " /predict, /metrics"
)


Slicing = Callable[[int, int], Any]
Handling = Callable[[Any], Answer | Awaitable[Answer]]


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
    secret
        Every request but those of health must carry it: it proves that they came through the router.
    events
        Writes what was asked and answered; None where that is off.
    """

    def __init__(
        self,
        served: Served,
        predictor: Predictor,
        secret: str,
        *,
        max_rows: int = MAX_ROWS,
        events: Recorder | None = None,
    ) -> None:
        self._served = served
        self._predictor = predictor
        self._secret = secret
        self._max_rows = max_rows
        self._metrics = ReplicaMetrics(served.endpoint, served.model, served.version)
        self._events = events
        if events is not None:
            events.register(self._metrics.registry)
        self._metadata = model_metadata(served.model, served.version, predictor.schema)
        self._fixed: dict[str, Callable[[], Answer]] = {
            "/v2": lambda: json_answer(server_metadata()),
            "/v2/health/live": lambda: json_answer({"live": True}),
            "/v2/health/ready": lambda: json_answer({"ready": True}),
            "/metrics": self._metrics.render,
        }

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        path = request.path
        if not path.startswith("/v2/health/"):
            self._check_origin(request)
        if path == "/predict":
            _check_method(request, "POST")
            return self._measured(self._predict, request)
        if path in self._fixed:
            _check_method(request, "GET", "HEAD")
            return self._fixed[path]()
        return self._answer_model(request)

    def refuse(self, error: RedspotError, request: Request) -> Answer:
        """Return an error in the format of its path: the protocol has one of its own."""
        if request.path == "/v2" or request.path.startswith("/v2/"):
            answer = json_answer({"error": error.message, "code": error.code}, status_of(error).value)
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

    def _infer(self, body: Any) -> Answer | Awaitable[Answer]:
        schema, served = self._predictor.schema, self._served
        asked = read_infer(body, schema, self._max_rows)
        self._metrics.count_rows(asked.rows)

        def part(begin: int, end: int) -> dict[str, list[Any]]:
            return {name: values[begin:end] for name, values in asked.columns.items()}

        def render(predictions: Predictions) -> Answer:
            return json_answer(render_infer(asked, predictions, served.model, served.version, schema))

        return self._sliced(part, asked.rows, render)

    def _predict(self, body: Any) -> Answer | Awaitable[Answer]:
        if isinstance(body, dict):
            self._metrics.count_rows(1)
            return self._row_answer([self._predictor.predict_one(body)])
        if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
            raise InvalidBodyError("The body must be one row as a JSON object, or a list of such rows.")
        if len(body) > self._max_rows:
            raise BodyTooLargeError(f"{len(body)} rows are given; one request may have {self._max_rows}.")
        self._metrics.count_rows(len(body))
        if len(body) == 1:
            return self._row_answer([self._predictor.predict_one(body[0])])
        return self._sliced(lambda begin, end: body[begin:end], len(body), lambda made: self._row_answer(made.rows()))

    def _row_answer(self, rows: list[dict[str, Any]]) -> Answer:
        return json_answer({"model": self._served.model, "version": self._served.version, "predictions": rows})

    def _sliced(self, part: Slicing, rows: int, render: Callable[[Predictions], Answer]) -> Answer | Awaitable[Answer]:
        if rows <= SLICE_ROWS:
            return render(self._predictor.predict(part(0, rows)))
        return self._slice_by_slice(part, rows, render)

    async def _slice_by_slice(self, part: Slicing, rows: int, render: Callable[[Predictions], Answer]) -> Answer:
        made = []
        for begin in range(0, rows, SLICE_ROWS):
            made.append(self._predictor.predict(part(begin, min(begin + SLICE_ROWS, rows))))
            await asyncio.sleep(0)
        return render(joined(made))

    def _measured(self, handle: Handling, request: Request) -> Answer | Awaitable[Answer]:
        begun = time.perf_counter()
        try:
            outcome = handle(_read_json(request.body))
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


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidBodyError(f"The body is not JSON: {error}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON; a value not known is null")
