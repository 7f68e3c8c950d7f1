"""Tokens that call endpoints."""

from __future__ import annotations

from redspot.contracts.replies import NewToken, Page
from redspot.contracts.requests import RotationIn, TokenIn
from redspot.registry.token import Token
from redspot.serving.errors import EndpointForbiddenError
from redspot_server.identity import Caller
from redspot_server.services import Services


def list_tokens(services: Services, caller: Caller) -> Page[Token]:
    """Return the caller's tokens that are taken now, newest first."""
    return Page(services.tokens.tokens(caller.name))


def make_token(services: Services, caller: Caller, body: TokenIn) -> NewToken:
    """Make a token that calls endpoints; it is shown this once."""
    endpoints = None if body.endpoints is None else tuple(body.endpoints)
    for name in endpoints or ():
        standing = services.endpoints.standing(name)
        access = standing.applied.definition.access
        if services.is_shared and not access.allows(caller.name, standing.owner):
            raise EndpointForbiddenError(
                f"Endpoint {name!r} is private: its owner {standing.owner} can add {caller.name} to 'access.callers'.",
                endpoint=name,
            )
    return services.tokens.add(
        body.name,
        owner=caller.name,
        endpoints=endpoints,
        days=body.days,
        rate_per_s=body.rate_per_s,
        burst=body.burst,
    )


def rotate_token(services: Services, caller: Caller, token_id: str, body: RotationIn) -> NewToken:
    """Make another token like one of the caller's; the old one goes on for a while."""
    return services.tokens.rotate(token_id, owner=caller.name, grace_s=body.grace_s)


def revoke_token(services: Services, caller: Caller, token_id: str) -> Token:
    """End one of the caller's tokens now."""
    return services.tokens.revoke(token_id, owner=caller.name)
