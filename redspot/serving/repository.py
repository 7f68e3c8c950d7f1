"""The model repository extension of the Open Inference Protocol: which models there are, load one, unload one."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any
from urllib.parse import unquote

from redspot.serving.answer import Answer, Request, json_answer
from redspot.serving.body import read_json
from redspot.serving.catalogue import Catalogue, ModelState, Place
from redspot.serving.errors import InvalidBodyError, ModelNotReadyError, PathNotFoundError, RepositoryForbiddenError
from redspot.serving.loader import Loader
from redspot.serving.signature import CALLER_HEADER

_PARAMETERS = {"load": (), "unload": ("unload_dependents",)}


class Repository:
    """Answers requests under ``/v2/repository``."""

    def __init__(self, catalogue: Catalogue, loader: Loader) -> None:
        self._catalogue = catalogue
        self._loader = loader

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer a ``POST``.

        Raises
        ------
        PathNotFoundError, InvalidBodyError, ModelNotServedError, RepositoryForbiddenError
            When it cannot be done.
        """
        match request.path.split("/")[3:]:
            case ["index"]:
                return self._index(_content(request))
            case ["models", name, ("load" | "unload") as verb]:
                # The router names the caller of each request that it passes on.
                if request.headers.get(CALLER_HEADER) is not None:
                    raise RepositoryForbiddenError(
                        "Models are loaded and unloaded by who runs the replica, not by callers of an endpoint."
                    )
                content = _content(request)
                known = _PARAMETERS[verb]
                unknown = [key for key in _parameters(content) if key not in known]
                if unknown:
                    raise InvalidBodyError(
                        f"A model is loaded as the configuration says; there is no parameter {unknown[0]!r}."
                    )
                return self._order(self._catalogue.versions(unquote(name)), loaded=verb == "load")
        raise PathNotFoundError(
            f"Nothing answers at {request.path!r}; there is /v2/repository/index and"
            " /v2/repository/models/<model>/load and …/unload."
        )

    def _index(self, content: dict[str, Any]) -> Answer:
        only_ready = content.get("ready", False)
        if type(only_ready) is not bool:
            raise InvalidBodyError("'ready' must be true or false.")
        places = self._catalogue.places
        return json_answer([_told(each) for each in places if not only_ready or each.model is not None])

    async def _order(self, places: list[Place], *, loaded: bool) -> Answer:
        await self._loader.order(places, loaded=loaded)
        for place in places:
            # One that could not be loaded anew answers on as it was, with the reason.
            if loaded and (place.state is not ModelState.READY or place.reason):
                raise ModelNotReadyError(f"{place.entry} is not loaded: {place.reason}", model=place.entry.model)
        return json_answer({})


def _told(place: Place) -> dict[str, Any]:
    entry = place.entry
    return {"name": entry.model, "version": entry.version, "state": place.state.value, "reason": place.reason}


def _content(request: Request) -> dict[str, Any]:
    content = read_json(request.body) if request.body else {}
    if not isinstance(content, dict):
        raise InvalidBodyError("The body must be a JSON object, or be left out.")
    return content


def _parameters(content: dict[str, Any]) -> dict[str, Any]:
    parameters = content.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidBodyError("'parameters' must be an object.")
    return parameters
