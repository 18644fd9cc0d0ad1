"""``python -m service.seed`` in a process of its own, and the demo therapists."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.room import AccountsRoom
from service.sessions.demo import load
from service.sessions.room import SessionsRoom
from tests.service.processes import NO_DATABASE, ran
from tests.support.ports import free_port

FRIDAY = datetime(2026, 11, 27, 22, 30, 0, 123456, tzinfo=UTC)
OPENED = "demo therapists: {} loaded, {} slots opened\n"
SLOTS = 140
"""In any two weeks: ten working days of fourteen sessions."""


def run_seed(uri: str, *arguments: str, **settings: str) -> tuple[int, str, str]:
    return ran(uri, "service.seed", *arguments, **settings)


def load_therapists(service, now: datetime) -> str:
    room, accounts = service.room(SessionsRoom), service.room(AccountsRoom).accounts
    return load(room.repositories, accounts, service.settings.sessions, now)


def test_seed_reports_each_room_and_can_run_again(service, database_uri):
    code, out, err = run_seed(database_uri)
    assert (code, out.endswith(OPENED.format(4, SLOTS)), err) == (0, True, "")
    code, out, err = run_seed(database_uri)
    assert (code, OPENED.format(0, 0).partition(",")[0] in out, err) == (0, True, "")


def test_demo_therapists_are_loaded_once_and_get_new_slots(service):
    client = service.app.test_client()
    days = [FRIDAY + timedelta(days=later) for later in (0, 0, 1, 3)]
    assert [load_therapists(service, day) + "\n" for day in days] == [
        OPENED.format(4, SLOTS),
        OPENED.format(0, 0),
        OPENED.format(0, 0),  # the new day is a Saturday
        OPENED.format(0, 14),
    ]
    therapists = client.get("/api/v1/therapists?language=tr").get_json()["therapists"]
    assert [(one["name"], one["price"]) for one in therapists] == [
        ("Emre Y\u0131ld\u0131z", {"amount": 8000, "currency": "eur"})
    ]
    slots = service.room(SessionsRoom).repositories.slots.list_open(
        therapists[0]["id"], FRIDAY, FRIDAY + timedelta(days=3)
    )
    assert [(slot.starts_at, slot.ends_at - slot.starts_at) for slot in slots] == [
        (datetime(2026, 11, 30, hour, tzinfo=UTC), timedelta(minutes=50)) for hour in (17, 18, 19)
    ]


def test_demo_therapist_cannot_log_in_and_keeps_a_changed_profile(service):
    load_therapists(service, FRIDAY)
    client = service.app.test_client()
    (found,) = client.get("/api/v1/therapists?language=sv").get_json()["therapists"]
    account = service.room(AccountsRoom).accounts.get(found["id"])
    assert (account.role, account.name) == ("therapist", "Mara Lindqvist")
    body = {"email": account.email, "password": "!"}
    assert client.post("/api/v1/auth/login", json=body).status_code in (401, 422)

    profile = service.room(SessionsRoom).repositories.therapists.get(found["id"])
    service.room(SessionsRoom).repositories.therapists.put(replace(profile, amount=1))
    load_therapists(service, FRIDAY)
    assert service.room(SessionsRoom).repositories.therapists.get(found["id"]).amount == 1


@pytest.mark.e2e
def test_missing_database_prints_one_line():
    port = free_port()
    line = f"demo data: MongoDB cannot be used: 127.0.0.1:{port}: [Errno 111] Connection refused\n"
    assert run_seed(f"mongodb://127.0.0.1:{port}", **NO_DATABASE) == (1, "", line)


@pytest.mark.e2e
def test_invalid_setting_prints_one_line():
    code, out, err = run_seed("localhost")
    assert (code, out) == (1, "")
    assert err.startswith("MONGODB_URI='localhost': should be a MongoDB connection string")
    assert err.count("\n") == 1
