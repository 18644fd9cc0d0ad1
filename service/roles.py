"""``python -m service.roles EMAIL ROLE``: give an account a role, such as the first admin's.

One line reports the result; it does not repeat the e-mail.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args

from service import commands
from service.accounts.model import Role
from service.accounts.roles import change_role
from service.accounts.room import AccountsRoom
from service.bootstrap import Service
from service.http.email_addresses import normalized_email

ROLES: Final = get_args(Role)
USAGE: Final = f"usage: python -m service.roles EMAIL ({'|'.join(ROLES)})"


def give(service: Service, email: str, role: Role) -> str:
    """Give the account of an e-mail a role.

    Returns:
        One line about the result.

    Raises:
        LookupError: No account has the e-mail.
        pymongo.errors.PyMongoError: MongoDB fails.
    """
    room = service.room(AccountsRoom)
    credentials = room.accounts.credentials(_spelling(email))
    account = (
        change_role(room.accounts, room.refresh_tokens, credentials.account_id, role)
        if credentials
        else None
    )
    if account is None:
        raise LookupError("there is no account of that e-mail")
    return f"roles: account {account.account_id} is {role} now"


def _spelling(email: str) -> str:
    try:
        return normalized_email(email)
    except ValueError:
        raise LookupError("there is no account of that e-mail") from None


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Give a role on the database that the environment names.

    Returns:
        The exit code: 2 for wrong arguments, 1 for a failure, each with one line on standard error.
    """
    if len(arguments) != 2 or arguments[1] not in ROLES:
        return commands.failed(USAGE, 2)
    email, role = arguments[0], cast(Role, arguments[1])
    return commands.run("roles", environ, lambda service: give(service, email, role))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
