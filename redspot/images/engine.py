"""The Docker engine: how one reaches it, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from redspot.errors import InvalidError, UnavailableError

if TYPE_CHECKING:
    from docker import APIClient

_DEFAULT_URL = "unix:///var/run/docker.sock"
_TIMEOUT_S = 60


class DockerMissingError(InvalidError):
    """The library that talks to Docker is not installed."""

    code = "docker-missing"


class DockerUnavailableError(UnavailableError):
    """The Docker engine does not answer; the same call may succeed later."""

    code = "docker-unavailable"


class DockerRefusedError(InvalidError):
    """The Docker engine refused what it was asked."""

    code = "docker-refused"


def connect(url: str = "") -> APIClient:
    """Return a client of the engine at `url`, such as ``unix:///var/run/docker.sock``.

    Parameters
    ----------
    url
        Empty for what ``DOCKER_HOST`` says, and without that the engine of this machine.

    Raises
    ------
    DockerMissingError
        When the library is not installed.
    DockerUnavailableError
        When no engine answers.
    """
    try:
        from docker import APIClient
        from docker.utils import kwargs_from_env
    except ImportError:
        raise DockerMissingError("Docker needs its library: pip install 'redspot[docker]'.") from None
    settings: dict[str, Any] = {"base_url": url} if url else kwargs_from_env()
    place = urlsplit(settings.get("base_url", _DEFAULT_URL))
    if place.scheme == "unix" and not Path(place.path).exists():
        raise DockerUnavailableError(f"No Docker engine listens at {place.path}: start it, or set DOCKER_HOST.")
    with translated():
        client: APIClient = APIClient(version="auto", timeout=_TIMEOUT_S, **settings)
    return client


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the engine's library raises into errors of ours, with the engine's own sentence."""
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except APIError as error:
        said = str(error.explanation or error).strip().rstrip(".")
        if error.is_server_error() and error.status_code != 500:
            raise DockerUnavailableError(f"The Docker engine cannot do it now: {said}.") from error
        raise DockerRefusedError(f"The Docker engine refused: {said}.", status=error.status_code) from error
    except (DockerException, RequestException) as error:
        raise DockerUnavailableError(f"The Docker engine does not answer: {error}") from error
