"""Who calls, as far as the request shows it: an account by its token.

A token is checked once a request, by whoever asks first. Nothing here refuses anybody.
"""

from typing import Final

from flask import Flask, current_app, g, request

from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken

_EXTENSION: Final = "serene.tokens"
_SEEN: Final = "_serene_caller"


def install(app: Flask, tokens: AccessTokens) -> None:
    """Let an app's requests be asked whose they are."""
    app.extensions[_EXTENSION] = tokens


def caller() -> Identity | InvalidToken | None:
    """Whose token the current request shows: an account, why the token is not good, or ``None``
    when it shows none.
    """
    if _SEEN not in g:
        setattr(g, _SEEN, _look())
    found: Identity | InvalidToken | None = getattr(g, _SEEN)
    return found


def account_id() -> str | None:
    """Return the account whose token the current request shows; ``None`` when none is proved."""
    identity = caller()
    return identity.account_id if isinstance(identity, Identity) else None


def _look() -> Identity | InvalidToken | None:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        return None
    tokens: AccessTokens = current_app.extensions[_EXTENSION]
    try:
        return tokens.check(given.token)
    except InvalidToken as error:
        return error
