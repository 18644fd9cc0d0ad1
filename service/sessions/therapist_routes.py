"""Therapists and their slots: who there is and when they have time, for everyone; their own profile
and slots, for them.

A slot is opened for the price that the profile has then.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response
from werkzeug.exceptions import Conflict, Forbidden, NotFound

from service.accounts.guard import current_account, protected
from service.http import middleware
from service.http.openapi.links import Link, links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, with_next_link
from service.http.problems import FieldError, InvalidParameters
from service.http.responses import json_response
from service.sessions.context import Parts
from service.sessions.schemas import (
    GRID_MINUTES,
    NewSlots,
    SlotsList,
    SlotsQuery,
    SlotView,
    TherapistProfile,
    TherapistsPage,
    TherapistsQuery,
    TherapistView,
)
from service.sessions.slot_repository import Slot
from service.sessions.therapist_repository import Therapist

TAG: Final = "Therapists"
_PROFILE: Final = {"therapist_id": "$response.body#/id"}
_SLOT: Final = {
    "therapist_id": "$request.path.therapist_id",
    "starts_at": "$response.body#/slots/0/starts_at",
}
_OF_ONE: Final = ("therapists.get_therapist", "therapists.list_slots")
_OWN: Final = links_to(_PROFILE, *_OF_ONE, "therapists.open_slots")
_OF_A_SLOT: Final = (
    Link("sessions.book_session", body=_SLOT),
    Link("therapists.close_slot", _SLOT),
)
_PAGE: Final = {200: ResponseSpec("A page.", TherapistsPage, headers=LINK)}
FRESH_SECONDS: Final = 60
STALE_SECONDS: Final = 300
USUAL_SPAN: Final = timedelta(days=14)
LONGEST_SPAN: Final = timedelta(days=62)
_View = Callable[..., Any]
_therapists_only: Callable[[_View], _View] = protected(role="therapist")
_GRID: Final = timedelta(minutes=GRID_MINUTES)
WHOSE: Final = {"therapist_id": "The therapist's id."}
NO_THERAPIST: Final = "There is no therapist of that id."
MOST_DAYS_AHEAD: Final = 400
"""How far ahead slots are opened."""


class _Calendar:
    """The routes' common parts."""

    def __init__(self, parts: Parts) -> None:
        self.therapists, self.slots = parts.sessions.therapists, parts.sessions.slots
        self.now = parts.now
        self._session = timedelta(seconds=parts.settings.session_seconds)

    def therapist(self, therapist_id: UUID) -> Therapist:
        """The profile, or 404."""
        found = self.therapists.get(str(therapist_id))
        if found is None:
            raise NotFound(NO_THERAPIST)
        return found

    def own(self, therapist_id: UUID) -> None:
        """403 unless the caller may change that therapist's slots."""
        caller = current_account()
        if caller.role != "admin" and caller.account_id != str(therapist_id):
            raise Forbidden("These are another therapist's slots.")

    def span(self, query: SlotsQuery) -> tuple[datetime, datetime]:
        """The span of time that is asked for; what has begun is not open any more."""
        begin = query.begin or self.now()
        end = query.end or begin + USUAL_SPAN
        if not timedelta() < end - begin <= LONGEST_SPAN:
            raise InvalidParameters(
                [FieldError("to", f"should be after from, by at most {LONGEST_SPAN.days} days")]
            )
        # Names of slots have minutes: the one that begins in this minute has begun.
        return max(begin, self.now() + timedelta(minutes=1)), end

    def open(self, therapist: Therapist, starts: tuple[datetime, ...]) -> list[Slot]:
        """Open slots, all of them or none."""
        now = self.now()
        if not all(now < starts_at < now + timedelta(days=MOST_DAYS_AHEAD) for starts_at in starts):
            raise InvalidParameters(
                [
                    FieldError(
                        "starts_at",
                        f"should each be later than now, by at most {MOST_DAYS_AHEAD} days",
                    )
                ]
            )
        wanted = sorted(set(starts))
        if any(second - first < self._session for first, second in pairwise(wanted)):
            raise InvalidParameters([FieldError("starts_at", "should not overlap")])
        if any(self._overlaps(therapist.therapist_id, starts_at) for starts_at in wanted):
            raise Conflict("A slot overlaps with one that is there.")
        slots = [
            Slot(
                therapist.therapist_id,
                starts_at,
                starts_at + self._session,
                therapist.amount,
                therapist.currency,
            )
            for starts_at in wanted
        ]
        for slot in slots:
            self.slots.offer(slot)
        return slots

    def _overlaps(self, therapist_id: str, starts_at: datetime) -> bool:
        distance = _GRID
        while distance < self._session:
            if any(
                self.slots.is_offered(therapist_id, other)
                for other in (starts_at - distance, starts_at + distance)
            ):
                return True
            distance += _GRID
        return False


def blueprint(parts: Parts) -> Blueprint:
    """The routes of therapists.

    Args:
        parts: What the workflow of bookings works with.
    """
    routes = Blueprint("therapists", __name__, url_prefix="/api/v1/therapists")
    calendar = _Calendar(parts)
    _for_everyone(routes, calendar)
    _for_therapists(routes, calendar)
    return routes


def _for_everyone(routes: Blueprint, calendar: _Calendar) -> None:
    @routes.get("")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @operation(TAG, _PAGE, query=TherapistsQuery)
    def list_therapists(query: TherapistsQuery) -> Response:
        """Therapists, by language and specialty, up to limit a page."""
        after = str(query.cursor) if query.cursor else None
        found, last = calendar.therapists.page(
            limit=query.limit, after=after, language=query.language, specialty=query.specialty
        )
        next_url = query.url_at("therapists.list_therapists", last)
        return with_next_link(
            json_response(
                TherapistsPage(therapists=tuple(map(TherapistView.of, found)), next=next_url)
            ),
            next_url,
        )

    @routes.get("/<uuid:therapist_id>")
    @middleware.public(max_age_seconds=FRESH_SECONDS, stale_while_revalidate_seconds=STALE_SECONDS)
    @operation(
        TAG,
        {
            200: ResponseSpec(
                "The therapist.", TherapistView, links=links_to(_PROFILE, "therapists.list_slots")
            )
        },
        problems=(404,),
        path=WHOSE,
    )
    def get_therapist(therapist_id: UUID) -> Response:
        """One therapist."""
        return json_response(TherapistView.of(calendar.therapist(therapist_id)))

    @routes.get("/<uuid:therapist_id>/slots")
    @middleware.public(max_age_seconds=0)
    @operation(
        TAG,
        {200: ResponseSpec("The slots.", SlotsList, links=_OF_A_SLOT)},
        query=SlotsQuery,
        problems=(404,),
        path=WHOSE,
    )
    def list_slots(therapist_id: UUID, query: SlotsQuery) -> Response:
        """A therapist's open slots in a span of time."""
        therapist = calendar.therapist(therapist_id)
        begin, end = calendar.span(query)
        found = calendar.slots.open(therapist.therapist_id, begin, end) if begin < end else []
        return json_response(SlotsList(slots=tuple(map(SlotView.of, found))))


def _for_therapists(routes: Blueprint, calendar: _Calendar) -> None:
    @routes.put("/me")
    @_therapists_only
    @operation(
        TAG,
        {
            200: ResponseSpec("The profile.", TherapistView, links=_OWN),
            201: ResponseSpec("The new profile.", TherapistView, links=_OWN),
        },
        body=TherapistProfile,
    )
    def put_profile(body: TherapistProfile) -> Response:
        """The caller's own profile, in place of the one so far. Slots that are open keep their
        price.
        """
        fields = body.model_dump(exclude={"price"})
        profile = Therapist(
            current_account().account_id,
            **fields,
            amount=body.price.amount,
            currency=body.price.currency,
        )
        is_new = calendar.therapists.put(profile)
        return json_response(TherapistView.of(profile), 201 if is_new else 200)

    @routes.post("/<uuid:therapist_id>/slots")
    @_therapists_only
    @operation(
        TAG,
        {201: ResponseSpec("The slots.", SlotsList, links=_OF_A_SLOT)},
        body=NewSlots,
        problems=(403, 404, 409),
        path=WHOSE,
    )
    def open_slots(therapist_id: UUID, body: NewSlots) -> Response:
        """Opens slots of one's own, all or none; those that are open or booked already stay as they
        are.
        """
        calendar.own(therapist_id)
        slots = calendar.open(calendar.therapist(therapist_id), body.starts_at)
        return json_response(SlotsList(slots=tuple(map(SlotView.of, slots))), 201)

    @routes.delete("/<uuid:therapist_id>/slots/<starts_at>")
    @_therapists_only
    @operation(
        TAG,
        {204: ResponseSpec("It is closed.", media_types=())},
        problems=(403, 404, 409),
        path=WHOSE | {"starts_at": "When it begins, such as 2026-12-01T09:00:00Z."},
    )
    def close_slot(therapist_id: UUID, starts_at: str) -> Response:
        """Closes an open slot of one's own."""
        calendar.own(therapist_id)
        instant = _instant(starts_at)
        if instant is None or not calendar.slots.is_offered(str(therapist_id), instant):
            raise NotFound("There is no such slot.")
        if not calendar.slots.withdraw(str(therapist_id), instant):
            raise Conflict("The slot is booked; cancel the session.")
        return Response(status=204)


def _instant(text: str) -> datetime | None:
    try:
        return SlotsQuery.model_validate({"from": text}).begin
    except ValueError:
        return None
