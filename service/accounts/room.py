"""The room of accounts: builds its repositories, tokens and routes."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask

from service import metrics as business
from service.accounts import guard, role_routes, routes
from service.accounts.access_tokens import AccessTokens, key_timestamp
from service.accounts.authentication import Authentication
from service.accounts.email_outbox import DatabaseOutbox
from service.accounts.login_attempts import LoginAttempts
from service.accounts.login_lockout import LockoutPolicy
from service.accounts.passwords import Passwords
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository
from service.accounts.settings import AccountSettings
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsRoom(Room):
    """The room of accounts.

    Args:
        accounts: Accounts and their credentials.
        refresh_tokens: Logins and the tokens that renew them.
        access_tokens: Issues and verifies access tokens.
    """

    accounts: AccountRepository
    refresh_tokens: RefreshTokens
    access_tokens: AccessTokens


def build(foundation: Foundation, settings: AccountSettings, app: Flask) -> AccountsRoom:
    """Build the room, and enable ``@protected`` in the app.

    Args:
        foundation: Shared parts of the process.
        settings: Keys, costs and lockouts.
        app: The app of the service.
    """
    database = foundation.database
    accounts = AccountRepository(database["accounts"], database["credentials"])
    policy = _lockout_policy(settings)
    _retain(foundation, policy)
    refresh_tokens = RefreshTokens(
        database["logins"],
        database["refresh_tokens"],
        grace_seconds=settings.refresh_grace_seconds,
        now=foundation.now,
    )
    attempts = LoginAttempts(
        database["login_attempts"], database["known_logins"], policy, now=foundation.now
    )
    for repository in (refresh_tokens, attempts):
        repository.add_indexes(foundation.indexes)
    access_tokens = AccessTokens(settings)
    _expose_key_age(foundation, settings)
    _install_guard(foundation, app, access_tokens)
    authentication = Authentication(
        accounts=accounts,
        refresh_tokens=refresh_tokens,
        attempts=attempts,
        access_tokens=access_tokens,
        passwords=Passwords(settings),
        outbox=DatabaseOutbox(
            database["email_outbox"], logs_text=not settings.in_production, now=foundation.now
        ),
        login_seconds=settings.refresh_token_seconds,
        now=foundation.now,
    )
    return AccountsRoom(
        accounts=accounts,
        refresh_tokens=refresh_tokens,
        access_tokens=access_tokens,
        blueprints=(
            routes.blueprint(authentication, foundation.route_metrics, _renewals(foundation)),
            role_routes.blueprint(accounts, refresh_tokens),
        ),
    )


def _retain(foundation: Foundation, policy: LockoutPolicy) -> None:
    retention, database = foundation.retention, foundation.database
    shard_keys = foundation.shard_keys
    shard_keys.hashed("read by the account's own id", "accounts")
    shard_keys.hashed("the e-mail is claimed by its id", "credentials")
    shard_keys.hashed("read by the login's id; ending all of an account asks each shard", "logins")
    shard_keys.hashed("a use claims login and number", "refresh_tokens")
    shard_keys.hashed("read by the pair of e-mail and address", "known_logins")
    shard_keys.unsharded("few, for they expire; counted by three fields", "login_attempts")
    shard_keys.unsharded("few, for a sender empties it", "email_outbox")
    retention.keep("one for each account, as long as it exists", "accounts", "credentials")
    for name in ("logins", "refresh_tokens", "known_logins", "email_outbox"):
        retention.expire(database[name], "expires_at")
    retention.expire(database["login_attempts"], "at", policy.kept_seconds)


def _expose_key_age(foundation: Foundation, settings: AccountSettings) -> None:
    made_at = key_timestamp(settings)
    if made_at is not None:
        foundation.telemetry.metrics.gauge(business.TOKEN_KEY).set(made_at)


def _renewals(foundation: Foundation) -> Callable[[str], None]:
    renewals = foundation.telemetry.metrics.counters(business.RENEWALS)
    for result in routes.RENEWAL_RESULTS:
        renewals[(result,)].inc(0)
    return lambda result: renewals[(result,)].inc()


def _lockout_policy(settings: AccountSettings) -> LockoutPolicy:
    return LockoutPolicy(
        per_account=settings.attempts_per_account,
        per_email=settings.attempts_per_email,
        per_address=settings.attempts_per_address,
        first_seconds=settings.first_lockout_seconds,
        longest_seconds=settings.longest_lockout_seconds,
    )


def _install_guard(foundation: Foundation, app: Flask, access_tokens: AccessTokens) -> None:
    refused = foundation.telemetry.metrics.counters(business.UNAUTHORIZED)
    for reason in guard.REASONS:
        refused[(reason,)].inc(0)
    guard.install(app, access_tokens, lambda reason: refused[(reason,)].inc())
