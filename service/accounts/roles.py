"""Changing the role of an account, which ends its logins."""

from dataclasses import replace

from service.accounts.model import Account, Role
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository


def change_role(
    accounts: AccountRepository, refresh_tokens: RefreshTokens, account_id: str, role: Role
) -> Account | None:
    """Give an account a role, and end its logins when the role changes.

    Returns:
        The account with its role; ``None`` when the account does not exist.
    """
    account = accounts.get(account_id)
    if account is None or account.role == role:
        return account
    accounts.set_role(account_id, role)
    refresh_tokens.end_all(account_id)
    return replace(account, role=role)
