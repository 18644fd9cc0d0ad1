"""Accounts: register, log in, stay logged in, log out.

A wrong password and an e-mail that nobody has are one answer, and take as long. Every answer with a
token says that it is not to be kept.

Source: RFC 6749, 5.1 for the answer with tokens; RFC 9110 for 401 and ``Retry-After``.
"""

import math
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from flask import Blueprint, Response, url_for
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.exceptions import Conflict, Forbidden, TooManyRequests

from service import metrics as business
from service import rate_limits
from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.guard import account_gone, current_account, protected, unauthorized
from service.accounts.login_throttle import LoginAttempts
from service.accounts.model import Account, EmailTaken
from service.accounts.passwords import Passwords
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository
from service.accounts.schemas import (
    AccountView,
    LoginRequest,
    PasswordChange,
    RefreshRequest,
    Registration,
    TokenPair,
)
from service.http.business_metrics import counted
from service.http.client_address import client_address
from service.http.openapi.links import Link, links_to
from service.http.operation import ResponseSpec, operation
from service.http.responses import json_response

TAG: Final = "Accounts"
_RENEWAL: Final = {"refresh_token": "$response.body#/refresh_token"}
TOKENS: Final = {
    200: ResponseSpec(
        "Tokens.",
        TokenPair,
        headers={"Cache-Control": "`no-store`."},
        links=(Link("auth.refresh", body=_RENEWAL), Link("auth.logout", body=_RENEWAL)),
    )
}
REGISTERED: Final = {
    201: ResponseSpec(
        "The account.",
        AccountView,
        headers={"Location": "Where it is."},
        links=(
            Link(
                "auth.login",
                body={"email": "$request.body#/email", "password": "$request.body#/password"},
            ),
            Link("roles.set_role", {"account_id": "$response.body#/id"}),
        ),
    )
}
NOTHING: Final = ResponseSpec("Done.", media_types=())


def _result_label(response: Response) -> str:
    return {200: "success", 401: "failure", 429: "limited", 422: "invalid"}.get(
        response.status_code, "error"
    )


class Authentication:
    """What the routes of accounts have in common.

    Args:
        accounts: Accounts and their credentials.
        logins: Logins that can be renewed.
        guesses: Counts wrong passwords.
        tokens: Issues access tokens.
        passwords: Hashes and checks passwords.
        good_for_seconds: How long a login may be renewed.
    """

    def __init__(
        self,
        accounts: AccountRepository,
        logins: RefreshTokens,
        guesses: LoginAttempts,
        tokens: AccessTokens,
        passwords: Passwords,
        good_for_seconds: float,
    ) -> None:
        self.accounts, self.logins, self._guesses = accounts, logins, guesses
        self.passwords = passwords
        self._tokens = tokens
        self._good_for_seconds = good_for_seconds

    def open(self, email: str, password: str) -> Account | None:
        """The account that the credentials open; raises 429 when there were too many wrong ones."""
        address = client_address()
        if seconds := self._guesses.count(email, address):
            raise TooManyRequests(
                "Too many wrong passwords; wait before the next attempt.",
                retry_after=math.ceil(seconds),
            )
        credentials = self.accounts.credentials(email)
        if (
            not self.passwords.verify(credentials.password_hash if credentials else None, password)
            or credentials is None
        ):
            return None
        self._guesses.was_right(email, address)
        return self.accounts.get(credentials.account_id)

    def begin(self, account_id: str) -> str:
        """The first refresh token of a new login."""
        return self.logins.begin(account_id, self._good_for_seconds)

    def pair(self, account: Account, refresh_token: str) -> Response:
        """Tokens as a response."""
        access_token = self._tokens.issue(Identity(account.account_id, account.role))
        good_for = int(self._tokens.good_for_seconds)
        response = json_response(
            TokenPair(access_token=access_token, expires_in=good_for, refresh_token=refresh_token)
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    def owner(self) -> Account:
        """The account of the caller; a token may outlive it."""
        account = self.accounts.get(current_account().account_id)
        if account is None:
            raise account_gone()
        return account


def _nothing() -> Response:
    return Response(status=204)


def blueprint(auth: Authentication, metrics: PrometheusMetrics) -> Blueprint:
    """The routes of accounts.

    Args:
        auth: What they have in common.
        metrics: For the business metrics.
    """
    routes = Blueprint("auth", __name__, url_prefix="/api/v1/auth")
    _open_and_renew(routes, auth, metrics)
    _own_account(routes, auth)
    return routes


def _open_and_renew(routes: Blueprint, auth: Authentication, metrics: PrometheusMetrics) -> None:
    @routes.post("/register")
    @rate_limits.limited("login")
    @operation(TAG, REGISTERED, body=Registration, problems=(409,))
    def register(body: Registration) -> Response:
        """A new account, of a member."""
        now = datetime.now(UTC)
        created_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
        account = Account(str(uuid4()), body.email, body.name, "member", created_at)
        try:
            auth.accounts.add(account, auth.passwords.hash(body.password.get_secret_value()))
        except EmailTaken:
            raise Conflict("There is an account of that e-mail.") from None
        response = json_response(AccountView.of(account), 201)
        response.headers["Location"] = url_for("auth.me")
        return response

    @routes.post("/login")
    @rate_limits.limited("login")
    @counted(metrics, business.LOGINS, result=_result_label)
    @operation(TAG, TOKENS, body=LoginRequest, problems=(401, 429))
    def login(body: LoginRequest) -> Response:
        """Tokens for an e-mail and its password."""
        account = auth.open(body.email, body.password.get_secret_value())
        if account is None:
            raise unauthorized("The e-mail or the password is wrong.")
        return auth.pair(account, auth.begin(account.account_id))

    @routes.post("/refresh")
    @rate_limits.limited("login")
    @operation(TAG, TOKENS, body=RefreshRequest, problems=(401,))
    def refresh(body: RefreshRequest) -> Response:
        """New tokens for a refresh token, which is good once: used again, it ends the login."""
        renewed = auth.logins.renew(body.refresh_token.get_secret_value())
        account = auth.accounts.get(renewed.account_id) if renewed else None
        if renewed is None or account is None:
            raise unauthorized(
                "The refresh token is not good, or no longer; log in again.", error="invalid_token"
            )
        return auth.pair(account, renewed.token)

    @routes.post("/logout")
    @operation(TAG, {204: NOTHING}, body=RefreshRequest)
    def logout(body: RefreshRequest) -> Response:
        """Ends the login of a refresh token; also one that has ended."""
        auth.logins.end(body.refresh_token.get_secret_value())
        return _nothing()


def _own_account(routes: Blueprint, auth: Authentication) -> None:
    @routes.get("/me")
    @protected
    @operation(
        TAG,
        {
            200: ResponseSpec(
                "The account.",
                AccountView,
                links=links_to({"member_id": "$response.body#/id"}, "files.list_files_of_member"),
            )
        },
    )
    def me() -> Response:
        """The account of the caller."""
        return json_response(AccountView.of(auth.owner()))

    @routes.post("/password")
    @protected
    @rate_limits.limited("login")
    @operation(TAG, TOKENS, body=PasswordChange, problems=(403, 429))
    def change_password(body: PasswordChange) -> Response:
        """A new password. Every login ends, and the answer holds the tokens of a new one."""
        owner = auth.owner()
        if auth.open(owner.email, body.current_password.get_secret_value()) is None:
            raise Forbidden("The current password is wrong.")
        auth.accounts.change_password(
            owner.email, auth.passwords.hash(body.new_password.get_secret_value())
        )
        auth.logins.end_all(owner.account_id)
        return auth.pair(owner, auth.begin(owner.account_id))
