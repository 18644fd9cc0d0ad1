"""Who has which role; for admins. The first admin is made by ``python -m service.roles``.

A role that changes ends every login of its account, as OWASP advises for a change of privilege:
whoever holds a refresh token logs in again. An access token says the role that it was issued with
until it expires.

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
LONGEST_ID: Final = 36


class RoleChange(Model):
    """A role."""

    role: Role


def blueprint(accounts: AccountRepository, logins: RefreshTokens) -> Blueprint:
    """The route of roles.

    Args:
        accounts: Get the role.
        logins: End with a role that changes.
    """
    routes = Blueprint("roles", __name__, url_prefix="/api/v1/accounts")

    @routes.put("/<account_id>/role")
    @protected(role="admin")
    @operation(
        TAG,
        {200: ResponseSpec("The account.", AccountView)},
        body=RoleChange,
        problems=(404, 409),
        path={"account_id": "UUID."},
    )
    def set_role(account_id: str, body: RoleChange) -> Response:
        """Gives an account a role.

        Where it is another one than before, every login of the account ends. Access tokens that are
        out keep the role of before until they expire, 15 minutes at most unless the service is set
        otherwise. Nobody can take their own role of admin away.
        """
        if account_id == current_account().account_id and body.role != "admin":
            raise Conflict("Another admin has to take this role away from you.")
        is_id = len(account_id) <= LONGEST_ID and account_id.isprintable()
        account = change_role(accounts, logins, account_id, body.role) if is_id else None
        if account is None:
            raise NotFound("There is no account of that id.")
        return json_response(AccountView.of(account))

    return routes
