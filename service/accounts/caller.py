"""The caller of the current request: the account of its access token.

A token is verified once a request, at its first use. Nothing here refuses a request.
"""

from typing import Final

from flask import Flask, current_app, g, request

from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken

_EXTENSION: Final = "serene.access_tokens"
_CALLER: Final = "_serene_caller"


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
    credentials = request.authorization
    if credentials is None or credentials.type != "bearer" or not credentials.token:
        return None
    access_tokens: AccessTokens = current_app.extensions[_EXTENSION]
    try:
        return access_tokens.verify(credentials.token)
    except InvalidToken as error:
        return error
