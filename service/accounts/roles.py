"""Change the role of an account, and end the logins that had the one before."""

from dataclasses import replace

from service.accounts.model import Account, Role
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository


def change_role(
    accounts: AccountRepository, logins: RefreshTokens, account_id: str, role: Role
) -> Account | None:
    """Give an account a role, and end its logins when that differs from the one before.

    Returns:
        The account as it is now; ``None`` when there is no such account.
    """
    account = accounts.get(account_id)
    if account is None or account.role == role:
        return account
    accounts.set_role(account_id, role)
    logins.end_all(account_id)
    return replace(account, role=role)
