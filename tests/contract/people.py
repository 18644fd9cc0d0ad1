"""The accounts that send the requests: one of each role and a second member.

Their tokens outlive the job. They are written to a file in the format of Web Fuzzing Commons;
Schemathesis tries one after the other until an operation accepts it. The two members are peers:
neither may read the other's data.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from service.accounts.access_tokens import Identity
from service.accounts.model import Account, Role
from service.accounts.passwords import Passwords
from service.accounts.room import AccountsRoom
from service.bootstrap import build
from service.sessions.model import Slot, Therapist
from service.sessions.room import SessionsRoom

ROLES: dict[str, Role] = {
    "member": "member",
    "neighbour": "member",
    "therapist": "therapist",
    "author": "author",
    "admin": "admin",
}
"""By name, in the order in which they are tried."""
GUEST = {"email": "guest@serene-mail.com", "password": "everybody has this one"}
"""The account that logs in."""
THERAPIST = "7f3b7c0e-6a52-4f0e-9d0e-0c6a3a1f5b11"
"""The therapist's account."""
SLOTS = 2000


def write(environ: Mapping[str, str], file: Path) -> None:
    """Create the accounts and write them to a file.

    Args:
        environ: Of the service that they are for; its database is there.
        file: Where to write it.
    """
    service = build(environ)
    accounts, sessions = service.room(AccountsRoom), service.room(SessionsRoom).repositories
    passwords = Passwords(service.settings.accounts)
    try:
        people = [(name, _account(name, role)) for name, role in ROLES.items()]
        for account in (*(account for _, account in people), _account("guest", "member")):
            accounts.accounts.add(account, passwords.hash(GUEST["password"]))
        sessions.therapists.put(
            Therapist(
                THERAPIST, "Grace Hopper", "Psychologist", ("en",), ("sleep",), 8000, "eur", ""
            )
        )
        sessions.slots.offer_new(
            Slot(THERAPIST, at, at + timedelta(minutes=50), 8000, "eur") for at in open_slots()
        )
    finally:
        service.mongo.close()
    file.write_text(
        json.dumps(
            {
                "auth": [
                    _entry(name, accounts.access_tokens.issue(Identity(one.account_id, one.role)))
                    for name, one in people
                ]
            }
        )
    )


def open_slots() -> list[datetime]:
    """Return the starts of the slots that can be booked."""
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    return [tomorrow + timedelta(hours=hours) for hours in range(SLOTS)]


def _account(name: str, role: Role) -> Account:
    now = datetime.now(UTC).replace(microsecond=0)
    return Account(
        THERAPIST if name == "therapist" else str(uuid4()),
        f"{name}@serene-mail.com",
        name,
        role,
        now,
    )


def _entry(name: str, token: str) -> dict[str, object]:
    return {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
