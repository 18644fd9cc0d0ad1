"""Accounts, their credentials and roles."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["member", "therapist", "author", "admin"]


class EmailTaken(Exception):
    """Another account has that e-mail."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Args:
        account_id: UUID; its ``_id``.
        email: In lower case.
        created_at: In UTC, to the millisecond.
    """

    account_id: str
    email: str
    name: str
    role: Role
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """The password hash of an account, by e-mail.

    Args:
        account_id: UUID.
        password_hash: From ``Passwords.hash``; never shown.
    """

    account_id: str
    password_hash: str
