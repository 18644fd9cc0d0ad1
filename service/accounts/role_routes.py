"""Route of roles, for admins. ``python -m service.roles`` makes the first admin.

A change of role ends every login of the account, as OWASP advises for a change of privilege. An
access token has the role that it was issued with until it expires.

Source: OWASP's cheat sheet on session management ("renew the session id after any privilege level
change").
"""

from typing import Final

from flask import Blueprint, Response
from werkzeug.exceptions import Conflict, NotFound

from service.accounts.guard import current_account, protected
from service.accounts.model import Role
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.repository import AccountRepository
from service.accounts.roles import change_role
from service.accounts.schemas import AccountView
from service.http.operation import ResponseSpec, operation
from service.http.responses import Model, json_response

TAG: Final = "Accounts"
MAX_ID_CHARACTERS: Final = 36


class RoleChange(Model):
    """A role."""

    role: Role


def blueprint(accounts: AccountRepository, refresh_tokens: RefreshTokens) -> Blueprint:
    """Return the route of roles.

    Args:
        accounts: Accounts.
        refresh_tokens: Logins, which end when a role changes.
    """
    routes = Blueprint("roles", __name__, url_prefix="/api/v1/accounts")

    @routes.put("/<account_id>/role")
    @protected(role="admin")
    @operation(
        TAG,
        {200: ResponseSpec("The account.", AccountView)},
        body=RoleChange,
        problems=(404, 409),
        path={"account_id": "Id of the account, a UUID."},
    )
    def set_role(account_id: str, body: RoleChange) -> Response:
        """Set an account's role

        A change ends every login of the account. Its access tokens keep the old role until they
        expire, 15 minutes at most by default. Admins cannot remove their own role.
        """
        if account_id == current_account().account_id and body.role != "admin":
            raise Conflict("Another admin has to take this role away from you.")
        is_id = len(account_id) <= MAX_ID_CHARACTERS and account_id.isprintable()
        account = change_role(accounts, refresh_tokens, account_id, body.role) if is_id else None
        if account is None:
            raise NotFound("There is no account of that id.")
        return json_response(AccountView.of(account))

    return routes
