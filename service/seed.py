"""``python -m service.seed``: demo posts for an empty blog, demo therapists, and open slots of
theirs for the days to come.

Posts and therapists are in data files, so two machines show the same. A blog that holds anything is
left alone, as is a therapist who is there; slots are opened anew each time, up to two weeks ahead.
Nobody can log in as a demo therapist: their accounts have no password.
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from pymongo.errors import PyMongoError

from service.config import ServiceConfig
from service.settings.bookings import BookingSettings
from service.store import Account, BlogPost, Store, connect
from service.store.sessions import Slot, Therapist
from telemetry import SettingError

DATA: Final = Path(__file__).with_name("seed_posts.json")
THERAPISTS: Final = Path(__file__).with_name("seed_therapists.json")
DAYS_AHEAD: Final = 14
WORKING_DAYS: Final = 5
NO_PASSWORD: Final = "!"
"""Not the hash of anything."""


def demo_posts() -> list[BlogPost]:
    """The posts of the data file."""
    found = json.loads(DATA.read_text(encoding="utf-8"))
    return [
        BlogPost(
            **post
            | {
                "tags": tuple(post["tags"]),
                "published_at": datetime.fromisoformat(post["published_at"]),
            }
        )
        for post in found
    ]


def seed(store: Store) -> str:
    """Fill an empty blog, and create its indexes.

    Returns:
        One line that says what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    store.set_up()
    if not store.posts.is_empty():
        return "demo posts: none loaded, there are posts already"
    return f"demo posts: {store.posts.add(demo_posts())} loaded"


def seed_therapists(store: Store, settings: BookingSettings, now: datetime) -> str:
    """Add the demo therapists that are missing, and open their slots from tomorrow on.

    Args:
        store: Set up.
        settings: Say how long a session takes.
        now: In UTC.

    Returns:
        One line that says what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    found = json.loads(THERAPISTS.read_text(encoding="utf-8"))
    added = [_add(store, one, now) for one in found]
    opened = store.sessions.slots.offer_new(
        slot for one in found for slot in _slots(one, settings, now)
    )
    return f"demo therapists: {sum(added)} loaded, {opened} slots opened"


def _add(store: Store, one: Mapping[str, Any], now: datetime) -> bool:
    if store.sessions.therapists.get(one["id"]) is not None:
        return False
    if store.accounts.get(one["id"]) is None:
        store.accounts.add(
            Account(one["id"], one["email"], one["name"], "therapist", now), NO_PASSWORD
        )
    told = {name: one[name] for name in ("name", "title", "languages", "specialties", "bio")}
    return store.sessions.therapists.put(
        Therapist.from_document({"_id": one["id"], **told, **one["price"]})
    )


def _slots(one: Mapping[str, Any], settings: BookingSettings, now: datetime) -> list[Slot]:
    days = [now.date() + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1)]
    starts = [
        datetime.combine(day, time(hour), UTC)
        for day in days
        if day.weekday() < WORKING_DAYS
        for hour in one["hours_utc"]
    ]
    takes = timedelta(seconds=settings.session_seconds)
    return [Slot(one["id"], starts_at, starts_at + takes, **one["price"]) for starts_at in starts]


def main(environ: Mapping[str, str]) -> int:
    """Seed the database that the environment names.

    Returns:
        The exit code; 1, with one line on standard error, when it could not be done.
    """
    try:
        config = ServiceConfig.from_env(environ)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 1
    store = connect(config)
    try:
        print(seed(store))
        print(seed_therapists(store, config, datetime.now(UTC)))
    except PyMongoError as error:
        print(
            f"demo posts: MongoDB cannot be used: {str(error).partition(' (configured')[0]}",
            file=sys.stderr,
        )
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
