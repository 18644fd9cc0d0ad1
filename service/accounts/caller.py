"""The caller of the current request: the account of its access token.

A token is verified once a request, at its first use. Nothing here refuses a request.
"""

import re
from typing import Final

from flask import Flask, current_app, g, request

from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken

_EXTENSION: Final = "serene.access_tokens"
_CALLER: Final = "_serene_caller"
_B64TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SECOND_BEARER: Final = re.compile(r",\s*bearer\b", re.IGNORECASE)
_FORMAT: Final = "Send one header Authorization: Bearer … with one access token."


def install(app: Flask, access_tokens: AccessTokens) -> None:
    """Let ``caller`` verify the tokens of an app's requests."""
    app.extensions[_EXTENSION] = access_tokens


def caller() -> Identity | InvalidToken | None:
    """Return the account of the current request's token.

    Returns:
        The account; why the token is invalid; ``None`` without a token.
    """
    if _CALLER not in g:
        setattr(g, _CALLER, _verified())
    found: Identity | InvalidToken | None = getattr(g, _CALLER)
    return found


def account_id() -> str | None:
    """Return the id of the current request's account; ``None`` without a valid token."""
    identity = caller()
    return identity.account_id if isinstance(identity, Identity) else None


def _verified() -> Identity | InvalidToken | None:
    access_tokens: AccessTokens = current_app.extensions[_EXTENSION]
    try:
        token = bearer_token(request.headers.get("Authorization", ""))
        return access_tokens.verify(token) if token else None
    except InvalidToken as error:
        return error


def bearer_token(header: str) -> str | None:
    """Return the token of a header ``Authorization``; ``None`` without one.

    Args:
        header: Value of the header. Servers join several headers of that name with commas.

    Raises:
        InvalidToken: There are several tokens, or one in another format.

    Source: RFC 6750, 2.1 and 3.1; RFC 9110, 11.4 (schemes in any case, one space or more).
    """
    scheme, _, credentials = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        if _SECOND_BEARER.search(header):
            raise InvalidToken("request", _FORMAT)
        return None
    credentials = credentials.strip(" \t")
    if credentials and not _B64TOKEN.fullmatch(credentials):
        raise InvalidToken("request", _FORMAT)
    return credentials or None
