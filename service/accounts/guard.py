"""``@protected``: a route that requires a valid access token, of a role when one is named.

It goes above ``@operation``, so that a refused client learns nothing about the request's format.

Source: RFC 6750 for the header and the challenge; RFC 9110 for 401 and 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, Literal, get_args, overload

from flask import Flask, Response, current_app, g
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException

from service.accounts.access_tokens import AccessTokens, Identity, Invalidity, InvalidToken
from service.accounts.caller import caller
from service.accounts.caller import install as install_caller
from service.accounts.model import Role
from service.accounts.passwords import Busy
from service.http.access import ACCESS, Access
from service.http.problems import problem
from telemetry import current_record

View = Callable[..., Any]

REALM: Final = "Serene API"
PASSWORD_RETRY_AFTER_SECONDS: Final = 1

Reason = Literal["missing", "gone", "role"] | Invalidity
"""Why a protected route refuses a request: no token, one of an account that was deleted, an account
of another role, or an invalid token.
"""

REASONS: Final[tuple[Reason, ...]] = (*get_args(get_args(Reason)[0]), *get_args(Invalidity))
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
                raise Refused(
                    403,
                    f"This takes an account of the role {access.roles[0]}.",
                    "insufficient_scope",
                )
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


class Refused(HTTPException):
    """A refusal with its challenge.

    Args:
        status: HTTP status code.
        detail: One sentence for the client's developer.
        error: Error code of RFC 6750; empty when the request had no token.

    Source: RFC 6750, 3 and 3.1.
    """

    def __init__(self, status: int, detail: str, error: str = "") -> None:
        super().__init__(detail)
        self.code = status
        members: dict[str, str | None] = {"realm": REALM}
        self._challenge = WWWAuthenticate("bearer", members | ({"error": error} if error else {}))

    def get_headers(self, *arguments: Any, **more: Any) -> list[tuple[str, str]]:
        """Return the headers of the response; called by werkzeug."""
        challenge = ("WWW-Authenticate", self._challenge.to_header())
        return [*super().get_headers(*arguments, **more), challenge]


def unauthorized(detail: str, *, error: str = "") -> Refused:
    """Return a 401 with its challenge; the arguments are those of ``Refused``."""
    return Refused(401, detail, error)


def account_gone() -> Refused:
    """Return a 401 for a valid token whose account was deleted, and count it."""
    _count_refusal("gone")
    return unauthorized("There is no such account any more.", error="invalid_token")


def _authenticated() -> Identity:
    found = caller()
    if found is None:
        _count_refusal("missing")
        raise unauthorized("Send the access token of a login as Authorization: Bearer …")
    if isinstance(found, InvalidToken):
        _count_refusal(found.reason)
        if found.reason == "request":
            raise Refused(400, str(found), "invalid_request")
        raise unauthorized(str(found), error="invalid_token")
    return found


def _count_refusal(reason: Reason) -> None:
    current_app.extensions[_ON_REFUSED](reason)
    if record := current_record():
        record.refusal = reason


def _busy(_: Busy) -> Response:
    response = problem(503, "Too many logins at the moment; send the request again.")
    response.headers["Retry-After"] = str(PASSWORD_RETRY_AFTER_SECONDS)
    return response
