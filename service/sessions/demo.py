"""Demo therapists from a data file, with open slots for the next two weeks.

Existing therapists are left alone; slots are opened on every run, up to two weeks ahead. The
accounts have no password, so nobody can log in to them.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from service.accounts.model import Account
from service.accounts.repository import AccountRepository
from service.sessions.model import Slot, Therapist
from service.sessions.repository import SessionRepositories
from service.sessions.settings import SessionSettings

DATA: Final = Path(__file__).with_name("demo_therapists.json")
DAYS_AHEAD: Final = 14
WORKING_DAYS: Final = 5
NO_PASSWORD: Final = "!"  # noqa: S105  # matches no password
"""Not the hash of anything."""


def load(
    repositories: SessionRepositories,
    accounts: AccountRepository,
    settings: SessionSettings,
    now: datetime,
) -> str:
    """Add the demo therapists that are missing, and open their slots from tomorrow on.

    Args:
        repositories: Their indexes exist.
        accounts: Get one account a therapist.
        settings: How long a session takes.
        now: In UTC.

    Returns:
        One line on what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    therapists = json.loads(DATA.read_text(encoding="utf-8"))
    added = [_add(repositories, accounts, entry, now) for entry in therapists]
    opened = repositories.slots.offer_new(
        slot for entry in therapists for slot in _slots(entry, settings, now)
    )
    return f"demo therapists: {sum(added)} loaded, {opened} slots opened"


def _add(
    repositories: SessionRepositories,
    accounts: AccountRepository,
    entry: Mapping[str, Any],
    now: datetime,
) -> bool:
    if repositories.therapists.get(entry["id"]) is not None:
        return False
    if accounts.get(entry["id"]) is None:
        account = Account(entry["id"], entry["email"], entry["name"], "therapist", now)
        accounts.add(account, NO_PASSWORD)
    return repositories.therapists.put(_profile(entry))


def _profile(entry: Mapping[str, Any]) -> Therapist:
    return Therapist(
        therapist_id=entry["id"],
        name=entry["name"],
        title=entry["title"],
        languages=tuple(entry["languages"]),
        specialties=tuple(entry["specialties"]),
        bio=entry["bio"],
        **entry["price"],
    )


def _slots(entry: Mapping[str, Any], settings: SessionSettings, now: datetime) -> list[Slot]:
    days = [now.date() + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    starts = [
        datetime.combine(day, time(hour), UTC)
        for day in days
        if day.weekday() < WORKING_DAYS
        for hour in entry["hours_utc"]
    ]
    length = timedelta(seconds=settings.session_seconds)
    return [Slot(entry["id"], start, start + length, **entry["price"]) for start in starts]
