"""What a replica answers: the Open Inference Protocol, a plain ``/predict``, health and metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from urllib.parse import unquote

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, json_answer, problem, retry_headers, status_of
from redspot.serving.catalogue import Catalogue
from redspot.serving.errors import (
    MethodNotAllowedError,
    PathNotFoundError,
    ReplicaSecretError,
)
from redspot.serving.events.recorder import EventMetrics, Recorder
from redspot.serving.loader import Loader
from redspot.serving.metrics import ReplicaMetrics
from redspot.serving.protocol import server_metadata
from redspot.serving.repository import Repository
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER, read_caller
from redspot.serving.trial import trial_page

_PATHS = (
    "/predict, /invocations, the same under /models/<model>[/versions/<version>], /v2, /v2/health/live,"
    " /v2/health/ready, /v2/models/<model>[/versions/<version>], …/ready, …/infer, /v2/repository/index,"
    " /openapi.json, /metrics, /stats and a page to try it at /"
)
_SECRET, _CALLER = SECRET_HEADER.lower().encode(), CALLER_HEADER.lower().encode()
_MAX_CALLERS = 1000


class Inference:
    """Answers requests with the models of a catalogue.

    Parameters
    ----------
    secret
        Every request but those of health must carry it: it proves that they came through the router.
    """

    def __init__(self, endpoint: str, deployment_id: str, catalogue: Catalogue, loader: Loader, secret: str) -> None:
        self._deployment_id = deployment_id
        self._catalogue = catalogue
        self._asked = catalogue.asked
        self._repository = Repository(catalogue, loader)
        self._secret = secret
        self._secret_bytes = secret.encode()
        self._callers: set[bytes] = set()
        self._metrics = ReplicaMetrics(endpoint, [place.metrics for place in catalogue.places])
        self._metrics.registry.register(EventMetrics(self._recorders))
        self._fixed: dict[str, Callable[[], Answer]] = {
            "/": trial_page,
            "/openapi.json": lambda: catalogue.ready().description(""),
            # What MLflow's clients look at.
            "/ping": lambda: json_answer({"live": True}),
            "/v2": lambda: json_answer(server_metadata()),
            "/v2/health/live": lambda: json_answer({"live": True}),
            "/v2/health/ready": self._ready,
            "/metrics": self._metrics.render,
            "/stats": self._stats,
        }

    def become_worker(self, number: int) -> None:
        """Go on as one of several processes."""
        self._metrics.use(number)

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer one request."""
        asked = self._asked.get(request.path)
        if asked is None:
            return self._answer_other(request)
        self._check_origin(request)
        if request.method != "POST":
            _check_method(request, "POST")
        return asked(request)

    def refuse(self, error: RedspotError, request: Request) -> Answer:
        """Return an error in the format of its path: the protocol has one of its own."""
        if request.path == "/v2" or request.path.startswith("/v2/"):
            body = {"error": error.message, "code": error.code}
            answer = json_answer(body, status_of(error).value, retry_headers(error))
        else:
            answer = problem(error)
        recorder = next(iter(self._recorders()), None)
        return answer if recorder is None else recorder.named(request, answer)

    def _recorders(self) -> list[Recorder]:
        models = (place.model for place in self._catalogue.places)
        return [model.events for model in models if model is not None and model.events is not None]

    def _ready(self) -> Answer:
        catalogue = self._catalogue
        if catalogue.is_ready:
            return json_answer({"ready": True})
        waiting = [place for place in catalogue.places if place.is_wanted and place.model is None]
        told = {str(place.entry): place.reason or "it is being loaded" for place in waiting}
        return json_answer({"ready": False, "models": told}, 503, (("Retry-After", "1"),))

    def _stats(self) -> Answer:
        """Return what was predicted how often: by the model that answers where none is named, and by each."""
        models = [place.stats() for place in self._catalogue.places]
        first = {name: models[0][name] for name in ("rows", "scores")}
        return json_answer({"deployment_id": self._deployment_id, **first, "models": models})

    def _answer_other(self, request: Request) -> Answer | Awaitable[Answer]:
        path = request.path
        if not path.startswith("/v2/health/"):
            self._check_origin(request)
        if path in self._fixed:
            _check_method(request, "GET", "HEAD")
            return self._fixed[path]()
        if path.startswith("/v2/repository/"):
            _check_method(request, "POST")
            return self._repository.answer(request)
        match path.split("/")[1:]:
            case [("predict" | "invocations")]:
                _check_method(request, "POST")
                # It would have been found, were the model there: this says why not.
                self._catalogue.ready()
            case ["v2", "models", model, "versions", version, *rest]:
                return self._answer_model(request, unquote(model), unquote(version), rest)
            case ["v2", "models", model, *rest]:
                return self._answer_model(request, unquote(model), None, rest)
            case ["models", model, "versions", version, *rest]:
                return self._answer_plain(request, unquote(model), unquote(version), rest)
            case ["models", model, *rest]:
                return self._answer_plain(request, unquote(model), None, rest)
        raise _not_found(request)

    def _answer_model(self, request: Request, name: str, version: str | None, rest: list[str]) -> Answer:
        place = self._catalogue.find(name, version)
        match rest:
            case []:
                _check_method(request, "GET", "HEAD")
                places = [place] if version else self._catalogue.versions(name)
                return self._catalogue.ready(name, version).metadata([each.entry.version for each in places])
            case ["ready"]:
                _check_method(request, "GET", "HEAD")
                is_ready = place.model is not None
                return json_answer({"name": name, "ready": is_ready}, 200 if is_ready else 503)
            case ["infer"]:
                _check_method(request, "POST")
                self._catalogue.ready(name, version)
        raise _not_found(request)

    def _answer_plain(self, request: Request, name: str, version: str | None, rest: list[str]) -> Answer:
        self._catalogue.find(name, version)
        match rest:
            case ["openapi.json"]:
                _check_method(request, "GET", "HEAD")
                return self._catalogue.ready(name, version).description(request.path.removesuffix("/openapi.json"))
            case [("predict" | "invocations")]:
                _check_method(request, "POST")
                self._catalogue.ready(name, version)
        raise _not_found(request)

    def _check_origin(self, request: Request) -> None:
        secret, signed = request.headers.pair(_SECRET, _CALLER)
        if not compare_digest(secret or b"", self._secret_bytes):
            raise ReplicaSecretError("A replica answers the router only; call the endpoint's URL.")
        if signed is not None and signed not in self._callers:
            if read_caller(signed.decode("latin-1"), self._secret) is None:
                raise ReplicaSecretError("The caller's name is not signed by the router.")
            # What was checked once needs no second look.
            if len(self._callers) >= _MAX_CALLERS:
                self._callers.clear()
            self._callers.add(signed)


def _check_method(request: Request, *allowed: str) -> None:
    if request.method not in allowed:
        raise MethodNotAllowedError(f"{request.path} answers {' and '.join(allowed)}, not {request.method}.")


def _not_found(request: Request) -> PathNotFoundError:
    return PathNotFoundError(f"Nothing answers at {request.path!r}; there is {_PATHS}.")
