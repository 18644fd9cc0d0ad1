"""Booking and reading sessions as a client sees it: whole responses and concurrency."""

from datetime import timedelta

import pytest

from tests.service.sessions.api import API, problem
from tests.service.sessions.concurrency import at_once

BLANK = "about:blank"


def instant(value) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_booking_waits_for_its_payment(clinic, api):
    response = api.book()
    body = response.get_json()

    url = f"{API}/sessions/{body['id']}"
    assert (response.status_code, response.headers["Location"]) == (201, url)
    assert body == {
        "id": body["id"],
        "status": "pending_payment",
        "therapist_id": clinic.therapist,
        "member_id": clinic.member,
        "starts_at": instant(clinic.slot.starts_at),
        "ends_at": instant(clinic.slot.ends_at),
        "price": {"amount": 9001, "currency": "eur"},
        "created_at": instant(clinic.clock.now),
        "expires_at": body["expires_at"],
        "cancelled_at": None,
        "refund": None,
        "url": url,
        "calendar_url": f"{url}/calendar.ics",
    }
    assert api.get(f"/sessions/{body['id']}", clinic.member).get_json() == body
    assert clinic.tasks() == [f"expire:{body['id']}"]
    assert clinic.results() == {"booked": 1.0}


def test_one_of_two_hundred_bookings_of_a_slot_at_once_wins(clinic, api):
    responses = at_once(lambda number=number: api.book(f"{number:032x}") for number in range(200))

    assert sorted(response.status_code for response in responses) == [201] + [409] * 199
    assert {problem(response) for response in responses if response.status_code == 409} == {
        (409, BLANK, "The slot is taken.")
    }
    assert clinic.database["bookings"].count_documents({}) == 1
    assert clinic.results() == {"booked": 1.0, "taken": 199.0}
    assert len(clinic.tasks()) == 1


def test_a_member_holds_so_many_slots_unpaid_and_no_more(clinic, api):
    most = clinic.settings.booking_unpaid_at_once
    starts = [
        clinic.offer(clinic.starts_at + timedelta(hours=2 * number)).starts_at
        for number in range(1, most + 4)
    ]
    held = [api.booked(starts_at=each) for each in starts[:most]]

    detail = "You have reached the limit of unpaid sessions; pay or cancel one first."
    assert problem(api.book(starts_at=starts[most])) == (409, BLANK, detail)
    assert api.book("another", starts_at=starts[most]).status_code == 201
    # Each way to hold one less lets one more in.
    assert (api.pay(held[0]).status_code, api.book(starts_at=starts[most + 1]).status_code) == (
        200,
        201,
    )
    assert api.book(starts_at=starts[most + 2]).status_code == 409
    assert (
        api.cancel(held[1]).status_code,
        api.book(starts_at=starts[most + 2]).status_code,
    ) == (200, 201)
    clinic.clock.forward(seconds=clinic.settings.booking_unpaid_seconds + 1)
    assert api.book().status_code == 201


def test_a_slot_that_was_freed_is_sold_once_again(api):
    api.cancel(api.booked())
    responses = at_once(lambda number=number: api.book(f"{number:032x}") for number in range(50))
    assert sorted(response.status_code for response in responses) == [201] + [409] * 49


def test_session_is_hidden_from_other_accounts(clinic, api):
    session_id = api.booked()
    none = (404, BLANK, "You have no session with this id.")
    assert problem(api.get(f"/sessions/{session_id}", clinic.other)) == none
    assert problem(api.get(f"/sessions/{session_id}/calendar.ics", clinic.other)) == none
    assert problem(api.pay(session_id, account_id=clinic.other)) == none
    assert problem(api.cancel(session_id, account_id=clinic.other)) == none
    assert api.get(f"/sessions/{session_id}", clinic.therapist).status_code == 200
    assert problem(api.pay(session_id, account_id=clinic.therapist)) == (
        403,
        BLANK,
        "Only the member can pay for the session.",
    )


def test_lists_hold_own_sessions_have_pages_and_are_304_when_unchanged(clinic, api):
    starts = [clinic.starts_at.replace(hour=hour) for hour in (1, 3, 5)]
    ids = [api.booked(starts_at=clinic.offer(start).starts_at) for start in starts]
    api.pay(ids[1])
    api.cancel(ids[1])
    first = api.get("/sessions?limit=2", clinic.member)
    second = api.get(first.get_json()["next"].removeprefix(API), clinic.member)
    listed = first.get_json()["sessions"] + second.get_json()["sessions"]
    assert [one["id"] for one in listed] == ids[::-1]
    assert listed == [api.get(f"/sessions/{one}", clinic.member).get_json() for one in ids[::-1]]
    assert second.get_json()["next"] is None
    assert api.get("/sessions", clinic.other).get_json() == {"sessions": [], "next": None}
    as_therapist = api.get("/sessions", clinic.therapist, "therapist").get_json()["sessions"]
    assert [one["id"] for one in as_therapist] == ids[::-1]

    headers = api.headers(clinic.member) | {"If-None-Match": first.headers["ETag"]}
    assert (
        clinic.service.app.test_client().get(f"{API}/sessions?limit=2", headers=headers).status_code
        == 304
    )


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"starts_at": "2026-13-01T00:00:00Z"}, 422),
        ({"starts_at": "2030-01-01T00:00:00"}, 422),
        ({"starts_at": "9999-12-31T23:59:59-23:59"}, 404),
        ({"starts_at": "2031-01-01T00:00:00Z"}, 404),
        ({"therapist_id": "x"}, 422),
        ({"therapist_id": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"}, 404),
        ({"price": 1}, 422),
    ],
)
def test_invalid_or_missing_slot_cannot_be_booked(clinic, api, changes, status):
    body = {"therapist_id": clinic.therapist, "starts_at": clinic.starts_at.isoformat()} | changes
    assert api.post("/sessions", body).status_code == status


def test_slot_that_has_begun_or_is_the_callers_own_cannot_be_booked(clinic, api):
    assert problem(api.book(clinic.therapist))[0] == 403
    clinic.clock.forward(seconds=3 * 86400)
    assert problem(api.book()) == (404, BLANK, "The slot does not exist or has already begun.")
