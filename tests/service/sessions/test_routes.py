"""Reading bookings, and requests for slots that cannot be booked."""

import pytest

from tests.service.sessions.api import API, problem

BLANK = "about:blank"


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


@pytest.mark.parametrize("method", ["", "4242 4242", "pm_\n", "x" * 101, 5, None])
def test_a_payment_method_is_a_token(clinic, api, method):
    session_id = api.booked()
    assert api.pay(session_id, method=method).status_code == 422
    assert clinic.provider.calls == []
