"""The room of accounts, built: who calls, and with which role."""

from dataclasses import dataclass

from flask import Flask

from service import metrics as business
from service.accounts import guard, role_routes, routes
from service.accounts.access_tokens import AccessTokens
from service.accounts.login_throttle import LockoutPolicy, LoginAttempts
from service.accounts.passwords import Passwords
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository
from service.accounts.settings import AccountSettings
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsRoom(Room):
    """Accounts and what opens them.

    Args:
        accounts: Accounts and their credentials.
        refresh_tokens: Logins and the tokens that renew them.
        access_tokens: Issues and checks access tokens.
    """

    accounts: AccountRepository
    refresh_tokens: RefreshTokens
    access_tokens: AccessTokens


def build(foundation: Foundation, settings: AccountSettings, app: Flask) -> AccountsRoom:
    """Build the room, and let the routes of ``app`` be protected by it.

    Args:
        foundation: Of this process.
        settings: Keys, costs and lockouts.
        app: Its requests show tokens.
    """
    database, telemetry = foundation.database, foundation.telemetry
    accounts = AccountRepository(database["accounts"], database["credentials"])
    refresh_tokens = RefreshTokens(database["logins"], database["refresh_tokens"])
    policy = LockoutPolicy(
        settings.guesses_per_account,
        settings.guesses_per_address,
        settings.first_lockout_seconds,
        settings.longest_lockout_seconds,
    )
    attempts = LoginAttempts(database["guesses"], policy)
    for repository in (refresh_tokens, attempts):
        foundation.mongo.on_connect(repository.create_indexes)
    access_tokens = AccessTokens(settings)
    refused = telemetry.metrics.counters(business.UNAUTHORIZED)
    for reason in guard.REASONS:
        refused[(reason,)].inc(0)
    guard.install(app, access_tokens, lambda reason: refused[(reason,)].inc())
    auth = routes.Authentication(
        accounts,
        refresh_tokens,
        attempts,
        access_tokens,
        Passwords(settings),
        settings.refresh_token_seconds,
    )
    return AccountsRoom(
        accounts=accounts,
        refresh_tokens=refresh_tokens,
        access_tokens=access_tokens,
        blueprints=(
            routes.blueprint(auth, foundation.route_metrics),
            role_routes.blueprint(accounts, refresh_tokens),
        ),
    )
