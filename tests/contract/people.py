"""Who the requests come from: one account of each role, and a second member, with tokens that outlive the job.

They are written to a file in the form of Web Fuzzing Commons, of which Schemathesis tries one after the other until an operation lets
one in; the two members are peers, neither of whom may read what is the other's.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from service.access import Identity, Passwords, Tokens
from service.config import ServiceConfig
from service.store import connect
from service.store.accounts import Account, Role

ROLES: dict[str, Role] = {"member": "member", "neighbour": "member", "therapist": "therapist", "author": "author", "admin": "admin"}
"""By name, in the order in which they are tried."""
GUEST = {"email": "guest@serene-mail.com", "password": "the guest's own password"}
"""Whoever logs in; nobody else has a password."""


def write(config: ServiceConfig, file: Path) -> None:
    """Make the accounts, and write who they are.

    Args:
        config: Of the service that they are for; its database is there.
        file: Where to write it.
    """
    tokens = Tokens(config)
    store = connect(config)
    try:
        people = [(name, _account(name, role)) for name, role in ROLES.items()]
        for _, account in people:
            store.accounts.add(account, password_hash="nobody-logs-in-with-this")
        store.accounts.add(_account("guest", "member"), Passwords(config).hash(GUEST["password"]))
    finally:
        store.close()
    file.write_text(json.dumps({"auth": [_entry(name, tokens.issue(Identity(one.account_id, one.role))) for name, one in people]}))


def _account(name: str, role: Role) -> Account:
    now = datetime.now(UTC).replace(microsecond=0)
    return Account(str(uuid4()), f"{name}@serene-mail.com", name, role, now)


def _entry(name: str, token: str) -> dict[str, object]:
    return {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
