"""``python -m service.roles EMAIL ROLE``: gives an account a role; how the first admin is made.

One line says what was done, or why not; the e-mail is not repeated.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, cast, get_args

from pymongo.errors import PyMongoError

from service.config import ServiceConfig
from service.store import Role, Store, connect
from telemetry import SettingError

ROLES: Final = get_args(Role)
USAGE: Final = f"usage: python -m service.roles EMAIL ({'|'.join(ROLES)})"


def give(store: Store, email: str, role: Role) -> str | None:
    """Give the account of an e-mail a role.

    Returns:
        One line that says what was done; ``None`` when there is no such account.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    credentials = store.accounts.credentials(email.lower())
    account = store.change_role(credentials.account_id, role) if credentials else None
    return f"roles: account {account.account_id} is {role} now" if account else None


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the arguments say on the database that the environment names.

    Returns:
        The exit code: 2 for wrong arguments, 1 when it could not be done; with one line on standard
        error.
    """
    if len(arguments) != 2 or arguments[1] not in ROLES:
        return _failed(USAGE, 2)
    try:
        store = connect(ServiceConfig.from_env(environ))
    except SettingError as error:
        return _failed(str(error), 1)
    try:
        done = give(store, arguments[0], cast(Role, arguments[1]))
    except PyMongoError as error:
        return _failed(
            f"roles: MongoDB cannot be used: {str(error).partition(' (configured')[0]}", 1
        )
    finally:
        store.close()
    if done is None:
        return _failed("roles: there is no account of that e-mail", 1)
    print(done)
    return 0


def _failed(line: str, code: int) -> int:
    print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
