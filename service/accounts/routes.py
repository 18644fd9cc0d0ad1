"""Routes of accounts: register, log in, renew a login, log out, change the password.

A wrong password and an unknown e-mail get the same response after the same time, and so does a
registration of an e-mail with and without an account. Responses with a
token have ``Cache-Control: no-store``.

Source: RFC 6749, 5.1 for responses with tokens; RFC 9110 for 401 and ``Retry-After``.
"""

import logging
import math
from collections.abc import Callable
from hashlib import sha256
from typing import Final, get_args

from flask import Blueprint, Response, g
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import Forbidden, HTTPException, TooManyRequests

from service import metrics as business
from service import rate_limits
from service.accounts.authentication import Authentication, LockedOut
from service.accounts.guard import account_gone, current_account, protected, unauthorized
from service.accounts.model import Account
from service.accounts.refresh_tokens import RefreshResult
from service.accounts.schemas import (
    AccountView,
    LoginRequest,
    PasswordChange,
    RefreshRequest,
    Registration,
    RegistrationView,
    TokenPair,
)
from service.http.business_metrics import counted
from service.http.client_address import client_key
from service.http.openapi.links import Link, links_to
from service.http.operation import ResponseSpec, operation
from service.http.responses import json_response
from telemetry import current_record

log: Final = logging.getLogger(__name__)

TAG: Final = "Accounts"
_REFRESH_TOKEN: Final = {"refresh_token": "$response.body#/refresh_token"}
TOKENS: Final = {
    200: ResponseSpec(
        "An access token and a refresh token.",
        TokenPair,
        headers={"Cache-Control": "`no-store`."},
        links=(Link("auth.refresh", body=_REFRESH_TOKEN), Link("auth.logout", body=_REFRESH_TOKEN)),
    )
}
REGISTERED: Final = {
    202: ResponseSpec(
        "The registration was accepted, whether the e-mail had an account or not.",
        RegistrationView,
        links=(
            Link(
                "auth.login",
                body={"email": "$request.body#/email", "password": "$request.body#/password"},
            ),
        ),
    )
}
OWN_ACCOUNT: Final = {
    200: ResponseSpec(
        "The account.",
        AccountView,
        links=links_to({"member_id": "$response.body#/id"}, "files.list_files_of_member"),
    )
}
RENEWAL_RESULTS: Final = (*get_args(RefreshResult), "gone", "limited")
"""What may become of a refresh token; ``gone``: its account was deleted."""
LOGGED_OUT: Final = {204: ResponseSpec("The login has ended.", media_types=())}


def blueprint(
    authentication: Authentication, metrics: PrometheusMetrics, on_renewal: Callable[[str], None]
) -> Blueprint:
    """Return the routes of accounts.

    Args:
        authentication: Registers, verifies and issues.
        metrics: For the business metrics.
        on_renewal: Called with one of ``RENEWAL_RESULTS`` for each use of a refresh token.
    """
    routes = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
    _add_registration(routes, authentication, metrics)
    _add_logins(routes, authentication, metrics)
    _add_renewal(routes, authentication, on_renewal)
    _add_own_account(routes, authentication)
    return routes


def _add_registration(
    routes: Blueprint, authentication: Authentication, metrics: PrometheusMetrics
) -> None:
    @routes.post("/register")
    @rate_limits.limited("login")
    @counted(metrics, business.REGISTRATIONS, result=_registration_result)
    @operation(TAG, REGISTERED, body=Registration)
    def register(body: Registration) -> Response:
        """Register an account.

        Its role is `member`, and it can log in at once. The response is the same when the e-mail
        has an account: then nothing changes, and only its owner is informed, by e-mail.
        """
        g.is_new_account = authentication.register(
            body.email, body.name, body.password.get_secret_value()
        )
        return json_response(RegistrationView(email=body.email, name=body.name), 202)


def _registration_result(response: Response) -> str:
    if response.status_code == 202:
        return "created" if g.is_new_account else "email_taken"
    return {429: "limited", 422: "invalid"}.get(response.status_code, "error")


def _add_logins(
    routes: Blueprint, authentication: Authentication, metrics: PrometheusMetrics
) -> None:
    @routes.post("/login")
    @rate_limits.limited("login")
    @counted(metrics, business.LOGINS, result=_login_result)
    @operation(TAG, TOKENS, body=LoginRequest, problems=(401, 429))
    def login(body: LoginRequest) -> Response:
        """Log in.

        Returns tokens for an e-mail and its password. After too many wrong passwords for an e-mail
        or from an address, further attempts get 429 with the time to wait.
        """
        account = _verified(authentication, body.email, body.password.get_secret_value())
        if account is None:
            raise unauthorized("The e-mail or the password is wrong.")
        return _tokens(authentication, account, authentication.begin_login(account))


def _add_renewal(
    routes: Blueprint, authentication: Authentication, on_renewal: Callable[[str], None]
) -> None:
    @routes.post("/refresh")
    @rate_limits.limited("anonymous")
    @operation(TAG, TOKENS, body=RefreshRequest, problems=(401,))
    def refresh(body: RefreshRequest) -> Response:
        """Refresh tokens.

        Returns new tokens for a refresh token, which is valid once. For some seconds its use gets
        the same refresh token again, for two tabs and for responses that are lost; later its use
        ends the login. Renewals are limited by login, not by address.
        """
        token = body.refresh_token.get_secret_value()
        if limited := rate_limits.count("refresh", _login_key(token)):
            on_renewal("limited")
            return limited
        renewal, account = authentication.renew_login(token)
        on_renewal("gone" if renewal.token and account is None else renewal.result)
        if account is None:
            raise _not_renewed(renewal.result)
        return _tokens(authentication, account, renewal.token)

    @routes.post("/logout")
    @rate_limits.limited("anonymous")
    @operation(TAG, LOGGED_OUT, body=RefreshRequest)
    def logout(body: RefreshRequest) -> Response:
        """Log out.

        Ends the login of a refresh token. A login that has ended already gets the same response.
        """
        authentication.end_login(body.refresh_token.get_secret_value())
        return Response(status=204)


def _login_key(refresh_token: str) -> str:
    # Not the id itself: a reader of the counters could end the login with it.
    return sha256(refresh_token.partition(".")[0].encode(errors="replace")).hexdigest()


def _not_renewed(result: RefreshResult) -> HTTPException:
    if record := current_record():
        record.refusal = f"refresh_{result}"
    if result == "reuse":
        log.warning("a refresh token was used again after its grace: its login has ended")
    return unauthorized(
        "The refresh token is not good, or no longer; log in again.", error="invalid_token"
    )


def _add_own_account(routes: Blueprint, authentication: Authentication) -> None:
    @routes.get("/me")
    @protected
    @operation(TAG, OWN_ACCOUNT)
    def me() -> Response:
        """Get the caller's account."""
        return json_response(AccountView.of(_own_account(authentication)))

    @routes.post("/password")
    @protected
    @rate_limits.limited("login")
    @operation(TAG, TOKENS, body=PasswordChange, problems=(403, 429))
    def change_password(body: PasswordChange) -> Response:
        """Change the password.

        Every login of the account ends; the response has the tokens of a new one.
        """
        account = _own_account(authentication)
        current = body.current_password.get_secret_value()
        if _verified(authentication, account.email, current) is None:
            raise Forbidden("The current password is wrong.")
        authentication.change_password(account, body.new_password.get_secret_value())
        return _tokens(authentication, account, authentication.begin_login(account))


def _login_result(response: Response) -> str:
    return {200: "success", 401: "failure", 429: "limited", 422: "invalid"}.get(
        response.status_code, "error"
    )


def _verified(authentication: Authentication, email: str, password: str) -> Account | None:
    try:
        return authentication.verify(email, password, client_key())
    except LockedOut as locked_out:
        raise TooManyRequests(
            "Too many wrong passwords; wait before the next attempt.",
            retry_after=math.ceil(locked_out.seconds),
        ) from None


def _tokens(authentication: Authentication, account: Account, refresh_token: str) -> Response:
    response = json_response(
        TokenPair(
            access_token=authentication.access_token(account),
            expires_in=authentication.access_token_seconds,
            refresh_token=refresh_token,
        )
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _own_account(authentication: Authentication) -> Account:
    # A token may outlive its account.
    account = authentication.account(current_account().account_id)
    if account is None:
        raise account_gone()
    return account
