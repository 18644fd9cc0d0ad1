"""Demo therapists from a data file, and open slots of theirs for the days to come.

A therapist who is there is left alone; slots are opened anew each time, up to two weeks ahead. Their
accounts have no password, so they cannot be logged in to.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from service.accounts.model import Account
from service.accounts.repository import AccountRepository
from service.sessions.repositories import SessionRepositories
from service.sessions.settings import SessionSettings
from service.sessions.slot_repository import Slot
from service.sessions.therapist_repository import Therapist

DATA: Final = Path(__file__).with_name("demo_therapists.json")
DAYS_AHEAD: Final = 14
WORKING_DAYS: Final = 5
NO_PASSWORD: Final = "!"
"""Not the hash of anything."""


def load(
    repositories: SessionRepositories,
    accounts: AccountRepository,
    settings: SessionSettings,
    now: datetime,
) -> str:
    """Add the demo therapists that are missing, and open their slots from tomorrow on.

    Args:
        repositories: Whose indexes are there.
        accounts: Get one account a therapist.
        settings: How long a session takes.
        now: In UTC.

    Returns:
        One line on what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    therapists = json.loads(DATA.read_text(encoding="utf-8"))
    added = [_add(repositories, accounts, one, now) for one in therapists]
    opened = repositories.slots.offer_new(
        slot for one in therapists for slot in _slots(one, settings, now)
    )
    return f"demo therapists: {sum(added)} loaded, {opened} slots opened"


def _add(
    repositories: SessionRepositories,
    accounts: AccountRepository,
    one: Mapping[str, Any],
    now: datetime,
) -> bool:
    if repositories.therapists.get(one["id"]) is not None:
        return False
    if accounts.get(one["id"]) is None:
        accounts.add(Account(one["id"], one["email"], one["name"], "therapist", now), NO_PASSWORD)
    profile = {name: one[name] for name in ("name", "title", "languages", "specialties", "bio")}
    return repositories.therapists.put(
        Therapist.from_document({"_id": one["id"], **profile, **one["price"]})
    )


def _slots(one: Mapping[str, Any], settings: SessionSettings, now: datetime) -> list[Slot]:
    days = [now.date() + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    starts = [
        datetime.combine(day, time(hour), UTC)
        for day in days
        if day.weekday() < WORKING_DAYS
        for hour in one["hours_utc"]
    ]
    takes = timedelta(seconds=settings.session_seconds)
    return [Slot(one["id"], starts_at, starts_at + takes, **one["price"]) for starts_at in starts]
