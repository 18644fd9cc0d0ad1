"""The room of accounts, built: who calls, and with which role."""

from dataclasses import dataclass

from flask import Flask

from service import metrics as business
from service.accounts import guard, role_routes, routes
from service.accounts.access_tokens import Tokens
from service.accounts.login_throttle import Guesses, Patience
from service.accounts.passwords import Passwords
from service.accounts.refresh_tokens import Logins
from service.accounts.repository import Accounts
from service.accounts.settings import AccountSettings
from service.foundation import Foundation, Room


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsRoom(Room):
    """Accounts and what opens them.

    Args:
        accounts: Accounts and their credentials.
        logins: Logins that can be renewed.
        tokens: Issues and checks access tokens.
    """

    accounts: Accounts
    logins: Logins
    tokens: Tokens


def build(foundation: Foundation, settings: AccountSettings, app: Flask) -> AccountsRoom:
    """Build the room, and let the routes of ``app`` be protected by it.

    Args:
        foundation: Of this process.
        settings: Keys, costs and lockouts.
        app: Its requests show tokens.
    """
    database, telemetry = foundation.database, foundation.telemetry
    accounts = Accounts(database["accounts"], database["credentials"])
    logins = Logins(database["logins"], database["refresh_tokens"])
    patience = Patience(
        settings.guesses_per_account,
        settings.guesses_per_address,
        settings.first_lockout_seconds,
        settings.longest_lockout_seconds,
    )
    guesses = Guesses(database["guesses"], patience)
    for repository in (logins, guesses):
        foundation.mongo.on_connect(repository.create_indexes)
    tokens = Tokens(settings)
    refused = telemetry.metrics.counters(business.UNAUTHORIZED)
    for reason in guard.REASONS:
        refused[(reason,)].inc(0)
    guard.install(app, tokens, lambda reason: refused[(reason,)].inc())
    auth = routes.Authentication(
        accounts, logins, guesses, tokens, Passwords(settings), settings.refresh_token_seconds
    )
    return AccountsRoom(
        accounts=accounts,
        logins=logins,
        tokens=tokens,
        blueprints=(
            routes.blueprint(auth, foundation.route_metrics),
            role_routes.blueprint(accounts, logins),
        ),
    )
