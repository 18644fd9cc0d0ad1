"""Therapists, their slots and the calendar file, as clients see them."""

from datetime import UTC, datetime, timedelta

import icalendar
import pytest

from tests.service.sessions.api import API, problem

PROFILE = {
    "name": "Ada Lovelace",
    "title": "Psychotherapist",
    "languages": ["en", "fr"],
    "specialties": ["anxiety", "sleep"],
    "price": {"amount": 8000, "currency": "eur"},
    "bio": "Listens.\nThen asks.",
}


def instant(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def put_profile(api, account_id, body=PROFILE, role="therapist"):
    return api.put("/therapists/me", body, account_id, role)


def open_slots(api, starts, account_id=None, role="therapist"):
    body = {"starts_at": [start.isoformat() for start in starts]}
    path = f"/therapists/{api.clinic.therapist}/slots"
    return api.post(path, body, account_id or api.clinic.therapist, role=role)


def close_slot(api, start, account_id=None, role="therapist"):
    start = start if isinstance(start, str) else instant(start)
    path = f"/therapists/{api.clinic.therapist}/slots/{start}"
    return api.delete(path, account_id or api.clinic.therapist, role)


def listed(api, query="") -> list[str]:
    return [
        slot["starts_at"]
        for slot in api.get(f"/therapists/{api.clinic.therapist}/slots{query}").get_json()["slots"]
    ]


def test_a_profile_is_the_therapists_own_and_public(clinic, api):
    first, second = put_profile(api, clinic.other), put_profile(api, clinic.other)
    assert (first.status_code, second.status_code, first.get_json()) == (
        201,
        200,
        second.get_json(),
    )
    url = f"{API}/therapists/{clinic.other}"
    shown = api.get(f"/therapists/{clinic.other}")
    assert shown.get_json() == {"id": clinic.other} | PROFILE | {
        "url": url,
        "slots_url": f"{url}/slots",
    }
    assert shown.headers["Cache-Control"] == (
        "public, max-age=60, stale-while-revalidate=300, stale-if-error=86400"
    )
    assert put_profile(api, clinic.member, role="member").status_code == 403
    assert problem(api.get("/therapists/6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"))[0] == 404
    assert api.get("/therapists/x").status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"languages": []},
        {"languages": ["english"]},
        {"specialties": ["Sleep!"]},
        {"price": {"amount": 0, "currency": "eur"}},
        {"price": {"amount": 1.5, "currency": "eur"}},
        {"price": {"amount": 100, "currency": "EUR"}},
        {"bio": "\x00"},
        {"role": "admin"},
    ],
)
def test_errors_of_a_profile_name_the_field(clinic, api, changes):
    response = put_profile(api, clinic.other, PROFILE | changes)
    assert (
        response.status_code,
        response.get_json(force=True)["errors"][0]["field"].split(".")[0],
    ) == (422, next(iter(changes)))


def test_therapists_are_listed_by_page_language_and_specialty(clinic, api):
    ids = sorted(
        [clinic.therapist, *(f"00000000-0000-4000-8000-{number:012}" for number in range(3))]
    )
    for therapist_id in ids:
        clinic.put_therapist(
            therapist_id, languages=("en", "tr") if therapist_id == ids[0] else ("en",)
        )
    found, path = [], "/therapists?limit=3&language=en"
    while path:
        page = api.get(path)
        found += [one["id"] for one in page.get_json()["therapists"]]
        path = (page.get_json()["next"] or "").removeprefix(API)
        assert ("Link" in page.headers) == bool(path)
    assert found == ids
    assert [one["id"] for one in api.get("/therapists?language=tr").get_json()["therapists"]] == [
        ids[0]
    ]
    assert api.get("/therapists?specialty=grief").get_json() == {"therapists": [], "next": None}
    assert [
        api.get(f"/therapists?{query}").status_code
        for query in ("limit=0", "cursor=x", "language=1", "specialty=%00")
    ] == [422] * 4


def test_slots_are_opened_booked_freed_and_closed(clinic, api):
    day = clinic.starts_at + timedelta(days=1)
    starts = [day, day + timedelta(hours=1)]
    response = open_slots(api, [starts[1], starts[0], starts[0]])
    price = {"amount": 9001, "currency": "eur"}
    slots = [
        {"starts_at": instant(one), "ends_at": instant(one + timedelta(minutes=50)), "price": price}
        for one in starts
    ]
    assert (response.status_code, response.get_json()) == (201, {"slots": slots})
    assert listed(api) == [instant(one) for one in (clinic.starts_at, *starts)]

    session_id = api.booked(starts_at=day)
    assert problem(close_slot(api, day)) == (
        409,
        "about:blank",
        "The slot is booked; cancel the session.",
    )
    assert listed(api) == [instant(one) for one in (clinic.starts_at, starts[1])]
    api.cancel(session_id)
    assert listed(api) == [instant(one) for one in (clinic.starts_at, *starts)]

    assert (close_slot(api, day).status_code, close_slot(api, day).status_code) == (204, 404)
    assert listed(api) == [instant(one) for one in (clinic.starts_at, starts[1])]
    assert api.book(starts_at=day).status_code == 409
    clinic.put_therapist(clinic.therapist, amount=5)
    assert open_slots(api, [day]).get_json()["slots"][0]["price"]["amount"] == 5
    assert api.book(starts_at=day).get_json()["price"]["amount"] == 5


def test_slots_that_overlap_are_not_opened_at_all(clinic, api):
    beside = clinic.starts_at + timedelta(minutes=30)
    free = clinic.starts_at + timedelta(hours=5)
    assert problem(open_slots(api, [free, beside])) == (
        409,
        "about:blank",
        "A slot overlaps an existing slot.",
    )
    assert open_slots(api, [free, free + timedelta(minutes=30)]).status_code == 422
    assert listed(api) == [instant(clinic.starts_at)]
    close_slot(api, clinic.starts_at)
    assert open_slots(api, [beside]).status_code == 201


@pytest.mark.parametrize("start", [timedelta(minutes=7), timedelta(days=-30), timedelta(days=500)])
def test_a_slot_is_ahead_and_on_the_half_hour(clinic, api, start):
    assert open_slots(api, [clinic.starts_at + start]).status_code == 422


def test_slots_are_their_therapists_own(clinic, api):
    day = clinic.starts_at + timedelta(days=1)
    assert open_slots(api, [day], clinic.other).status_code == 403
    assert close_slot(api, clinic.starts_at, clinic.other).status_code == 403
    assert open_slots(api, [day], clinic.member, "member").status_code == 403
    assert open_slots(api, [day], clinic.other, "admin").status_code == 201
    assert close_slot(api, day, clinic.other, "admin").status_code == 204
    unknown = f"/therapists/{clinic.other}/slots"
    assert (
        api.post(
            unknown, {"starts_at": [day.isoformat()]}, clinic.other, role="therapist"
        ).status_code
        == 404
    )


@pytest.mark.parametrize(
    "start", ["x", "2026", "2026-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "1e400", "%00"]
)
def test_closing_an_unknown_slot_is_404(api, start):
    assert close_slot(api, start).status_code == 404


def test_slots_are_listed_by_period(clinic, api):
    later = clinic.starts_at + timedelta(days=20)
    clinic.offer(later)
    clinic.offer(clinic.clock.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3))
    assert listed(api) == [instant(clinic.starts_at)]
    assert listed(api, f"?from={instant(clinic.starts_at)}&to={instant(later)}") == [
        instant(clinic.starts_at)
    ]
    assert listed(api, f"?from={instant(later)}") == [instant(later)]
    begin, end = (instant(clinic.clock.now - timedelta(days=days)) for days in (9, 8))
    past = f"?from={begin}&to={end}"
    assert listed(api, past) == []
    assert listed(api, "?from=9999-12-31T23:59:59-23:59") == []


@pytest.mark.parametrize(
    "query",
    [
        "from=x",
        "from=2026-01-01T00:00:00",
        "from=1767225600.5",
        "from=2026-01-01",
        "from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z",
        "from=2030-01-01T00:00:00Z&to=2030-06-01T00:00:00Z",
        "to=0001-01-01T00:00:00%2B23:59",
        "from=2099-12-31T00:00:00Z&from=2099-12-31T00:00:00Z",
    ],
)
def test_invalid_period_is_422(clinic, api, query):
    response = api.get(f"/therapists/{clinic.therapist}/slots?{query}")
    assert (response.status_code, response.content_type) == (422, "application/problem+json")


def calendar(api, session_id, account_id=None):
    return api.get(f"/sessions/{session_id}/calendar.ics", account_id or api.clinic.member)


def event_of(response) -> dict[str, object]:
    (event,) = icalendar.Calendar.from_ical(response.data).walk("VEVENT")
    names = ("UID", "DTSTART", "DTEND", "SUMMARY", "STATUS", "SEQUENCE")
    return {name: getattr(event[name], "dt", event[name]) for name in names}


def test_a_session_is_a_calendar_file_whose_sequence_grows(clinic, api):
    session_id = api.booked()
    response = calendar(api, session_id)
    expected = {
        "UID": f"{session_id}@serene",
        "DTSTART": clinic.slot.starts_at,
        "DTEND": clinic.slot.ends_at,
        "SUMMARY": "Session with Grace Hopper",
        "STATUS": "TENTATIVE",
        "SEQUENCE": 0,
    }
    assert (response.status_code, response.content_type) == (200, "text/calendar; charset=utf-8")
    assert (
        response.headers["Content-Disposition"]
        == f'attachment; filename="session-{clinic.starts_at:%Y-%m-%d}.ics"'
    )
    assert event_of(response) == expected
    assert event_of(response)["DTSTART"].tzinfo is not None
    assert b"DTSTART:" in response.data.replace(b";VALUE=DATE-TIME", b"")
    assert (
        clinic.slot.starts_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ").encode() in response.data
    )

    api.pay(session_id)
    assert event_of(calendar(api, session_id)) == expected | {
        "STATUS": "CONFIRMED",
        "SEQUENCE": 1,
    }
    api.cancel(session_id)
    assert event_of(calendar(api, session_id)) == expected | {
        "STATUS": "CANCELLED",
        "SEQUENCE": 2,
    }
    assert event_of(calendar(api, session_id, clinic.therapist))["SUMMARY"] == "Session"
