"""Who is asking, and what they may do."""

from __future__ import annotations

import base64
import binascii
import getpass
import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from redspot.errors import ForbiddenError, UnauthenticatedError

if TYPE_CHECKING:
    from tornado.web import RequestHandler


class Right(StrEnum):
    """What a route needs.

    ``public``: nothing; ``read``: see; ``author``: make and change one's work; ``admin``: see the audit log.
    """

    PUBLIC = "public"
    READ = "read"
    AUTHOR = "author"
    ADMIN = "admin"


class NotSignedInError(UnauthenticatedError):
    """The request carries no identity that is known here."""

    code = "not-signed-in"


class MissingRightError(ForbiddenError):
    """The caller may not do this."""

    code = "missing-right"


class CrossSiteError(ForbiddenError):
    """A browser's write came without proof that its own page sent it."""

    code = "cross-site"


@dataclass(frozen=True, slots=True)
class Caller:
    """The one who asks.

    Attributes
    ----------
    how
        ``socket`` (the owner of the state directory), ``server`` (a token, such as a notebook server's)
        or ``browser`` (a signed-in page).
    """

    name: str
    how: str
    rights: frozenset[Right]

    def require(self, right: Right) -> None:
        """Raise MissingRightError when the caller lacks `right`."""
        if right is not Right.PUBLIC and right not in self.rights:
            have = ", ".join(sorted(self.rights)) or "none"
            raise MissingRightError(
                f"{self.name} lacks the right {str(right)!r} (has: {have}); ask an administrator of the hub.",
                right=str(right),
            )


class Identity(Protocol):
    """Finds out who sent a request."""

    async def identify(self, handler: RequestHandler) -> Caller:
        """Return the caller (NotSignedInError, CrossSiteError)."""
        ...


class TokenIdentity:
    """Whoever sends the installation's token, which its owner alone can read, may see and author.

    Parameters
    ----------
    token
        Sent as ``Authorization: Bearer …``, or as the password of ``Basic``.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._caller = Caller(getpass.getuser(), "server", frozenset({Right.READ, Right.AUTHOR}))

    async def identify(self, handler: RequestHandler) -> Caller:
        """Return the owner (NotSignedInError)."""
        scheme, _, sent = handler.request.headers.get("Authorization", "").partition(" ")
        given = sent.strip().encode()
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).partition(b":")[2]
            except binascii.Error:
                given = b""
        if scheme.lower() not in ("bearer", "token", "basic") or not hmac.compare_digest(given, self._token):
            raise NotSignedInError("Send the installation's token, which http.token in its state directory holds.")
        return self._caller


class SocketIdentity:
    """Everybody who can open the 0600 socket is the owner of the state directory.

    Parameters
    ----------
    administers
        Whether that person is also the administrator: true where no hub decides it.
    """

    def __init__(self, *, administers: bool) -> None:
        rights = {Right.READ, Right.AUTHOR} | ({Right.ADMIN} if administers else set())
        self._caller = Caller(getpass.getuser(), "socket", frozenset(rights))

    async def identify(self, handler: RequestHandler) -> Caller:
        """Return the owner."""
        return self._caller
