"""Who is calling, and whether they may: passwords, access tokens and the decorator that protects a
route.

What is kept of accounts is the store's; what clients send and get is the blueprints'.
"""

from service.access.caller import caller, client_address
from service.access.guard import (
    REASONS,
    account_gone,
    current_account,
    install,
    protected,
    unauthorized,
)
from service.access.passwords import Busy, Passwords
from service.access.tokens import Identity, InvalidToken, Tokens

__all__ = [
    "REASONS",
    "Busy",
    "Identity",
    "InvalidToken",
    "Passwords",
    "Tokens",
    "account_gone",
    "caller",
    "client_address",
    "current_account",
    "install",
    "protected",
    "unauthorized",
]
