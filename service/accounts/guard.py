"""``@protected``: a route that requires a valid access token, of a role when one is named.

It goes above ``@operation``, so that a refused client learns nothing about the request's format.

Source: RFC 6750 for the header and the challenge; RFC 9110 for 401 and 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, Literal, get_args, overload

from flask import Flask, Response, current_app, g
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken
from service.accounts.caller import caller
from service.accounts.caller import install as install_caller
from service.accounts.model import Role
from service.accounts.passwords import Busy
from service.http.access import ACCESS, Access
from service.http.problems import problem

View = Callable[..., Any]

REALM: Final = "Serene API"
PASSWORD_RETRY_AFTER_SECONDS: Final = 1

Reason = Literal["missing", "expired", "invalid", "role"]
"""Why a protected route refuses a request: no token, an expired one, an invalid one, or an account
of another role.
"""

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
_ON_REFUSED: Final = "serene.on_refused"


def install(
    app: Flask, access_tokens: AccessTokens, on_refused: Callable[[Reason], None] = lambda _: None
) -> None:
    """Enable ``@protected`` in an app, and answer 503 when too many passwords are being checked.

    Args:
        app: The app.
        access_tokens: Verifies tokens.
        on_refused: Called with the reason of each request that a protected route refuses.
    """
    install_caller(app, access_tokens)
    app.extensions[_ON_REFUSED] = on_refused
    app.register_error_handler(Busy, _busy)


@overload
def protected(view: View) -> View: ...


@overload
def protected(*, role: Role | None = None) -> Callable[[View], View]: ...


def protected(view: View | None = None, *, role: Role | None = None) -> Any:
    """Require an account: ``@protected``, ``@protected()`` or ``@protected(role="author")``.

    An admin has every role.

    Args:
        view: The view, when there are no parentheses.
        role: Required role; every account is accepted when not given.
    """
    if view is not None:
        return protected()(view)
    access = Access(tuple(dict.fromkeys((role, "admin"))) if role else ())

    def decorate(view: View) -> View:
        if ACCESS.get(view) is not None:
            raise TypeError(f"{view.__name__} is protected twice")

        @wraps(view)
        def guarded(**arguments: Any) -> Any:
            account = _authenticated()
            if access.roles and account.role not in access.roles:
                _count_refusal("role")
                raise Forbidden(f"This takes an account of the role {access.roles[0]}.")
            g.account = account
            return view(**arguments)

        return ACCESS.set(access)(guarded)

    return decorate


def current_account() -> Identity:
    """Return the caller of the protected route that runs.

    Raises:
        AttributeError: The route is not protected.
    """
    account: Identity = g.account
    return account


def unauthorized(detail: str, *, error: str | None = None) -> Unauthorized:
    """Return a 401 with its challenge.

    Args:
        detail: One sentence for the client's developer.
        error: Error code of RFC 6750; ``None`` when the request had no token.
    """
    challenge: dict[str, str | None] = {"realm": REALM}
    if error:
        challenge["error"] = error
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", challenge))


def account_gone() -> Unauthorized:
    """Return a 401 for a valid token whose account was deleted; it is counted as invalid."""
    _count_refusal("invalid")
    return unauthorized("There is no such account any more.", error="invalid_token")


def _authenticated() -> Identity:
    found = caller()
    if found is None:
        _count_refusal("missing")
        raise unauthorized("Send the access token of a login as Authorization: Bearer …")
    if isinstance(found, InvalidToken):
        _count_refusal(found.reason)
        raise unauthorized(str(found), error="invalid_token")
    return found


def _count_refusal(reason: Reason) -> None:
    current_app.extensions[_ON_REFUSED](reason)


def _busy(_: Busy) -> Response:
    response = problem(503, "Too many logins at the moment; send the request again.")
    response.headers["Retry-After"] = str(PASSWORD_RETRY_AFTER_SECONDS)
    return response
