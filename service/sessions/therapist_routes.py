"""Routes of therapists: profiles and open slots for everyone; their own ones for therapists.

A slot is opened for the price that the profile has then.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, url_for
from werkzeug.exceptions import Conflict, Forbidden, NotFound, PreconditionFailed

from service.accounts.guard import current_account, protected
from service.http import middleware
from service.http.conditions import WriteConditions, add_validators
from service.http.openapi.links import Link, links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, with_next_link
from service.http.problems import FieldError, InvalidParameters
from service.http.responses import json_response
from service.mongo.revisions import RevisionLocked
from service.sessions.context import BookingContext
from service.sessions.model import Slot, Therapist
from service.sessions.schemas import (
    NewSlots,
    SlotsList,
    SlotsQuery,
    SlotView,
    TherapistProfile,
    TherapistsPage,
    TherapistsQuery,
    TherapistView,
    validators_of,
)
from service.sessions.slot_offers import (
    MAX_DAYS_AHEAD,
    RequestedSlotsOverlap,
    SlotExists,
    SlotOffers,
    SlotOutOfRange,
)
from service.sessions.therapist_profiles import ProfileConflict, TherapistProfiles

TAG: Final = "Therapists"
FRESH_SECONDS: Final = 60
STALE_SECONDS: Final = 300
ERROR_SECONDS: Final = 86400
"""How long a cache may show a copy while the service fails."""
THERAPISTS_TAG: Final = "therapists"
THERAPIST_TAG: Final = "therapist-{therapist_id}"
DEFAULT_PERIOD: Final = timedelta(days=14)
MAX_PERIOD: Final = timedelta(days=62)
PATH: Final = {"therapist_id": "The therapist's id."}
SLOT_PATH: Final = PATH | {"starts_at": "When the slot begins, such as 2026-12-01T09:00:00Z."}
_PROFILE: Final = {"therapist_id": "$response.body#/id"}
_FIRST_SLOT: Final = {
    "therapist_id": "$request.path.therapist_id",
    "starts_at": "$response.body#/slots/0/starts_at",
}
_OWN: Final = links_to(
    _PROFILE, "therapists.get_therapist", "therapists.list_slots", "therapists.open_slots"
)
_SLOT_LINKS: Final = (
    Link("sessions.book_session", body=_FIRST_SLOT),
    Link("therapists.close_slot", _FIRST_SLOT),
)
_PAGE: Final = {200: ResponseSpec("One page of therapists.", TherapistsPage, headers=LINK)}
_ETAG: Final = {"ETag": "Of this revision of the profile, for `If-Match`."}
_THERAPIST: Final = {
    200: ResponseSpec(
        "The therapist.",
        TherapistView,
        headers=_ETAG,
        links=links_to(_PROFILE, "therapists.list_slots"),
    )
}
_SAVED: Final = {
    200: ResponseSpec("The replaced profile.", TherapistView, headers=_ETAG, links=_OWN),
    201: ResponseSpec(
        "The new profile.",
        TherapistView,
        headers=_ETAG | {"Location": "URL of the profile."},
        links=_OWN,
    ),
}
_OPEN_SLOTS: Final = {200: ResponseSpec("The open slots.", SlotsList, links=_SLOT_LINKS)}
_OPENED: Final = {201: ResponseSpec("The slots.", SlotsList, links=_SLOT_LINKS)}
_CLOSED: Final = {204: ResponseSpec("The slot is closed.", media_types=())}
_View = Callable[..., Any]
_therapists_only: Callable[[_View], _View] = protected(role="therapist")


class _TherapistRoutes:
    """What the views share.

    Args:
        context: Repositories, provider, settings, clock and counter.
        purge: Removes what shows a profile from the CDN, by tags.
    """

    def __init__(self, context: BookingContext, purge: Callable[..., None]) -> None:
        self.therapists = context.repositories.therapists
        self.slots = context.repositories.slots
        self._profiles = TherapistProfiles(
            self.therapists, context.repositories.profile_leases, now=context.now
        )
        self._offers = SlotOffers(context)
        self._now = context.now
        self._purge = purge

    def get(self, therapist_id: UUID) -> Therapist:
        """Return a profile, or raise 404."""
        found = self.therapists.get(str(therapist_id))
        if found is None:
            raise NotFound("No therapist has this id.")
        return found

    def save(self, profile: Therapist, conditions: WriteConditions) -> tuple[Therapist, bool]:
        """Save a profile under the conditions of the request, or raise 412 or 409."""
        try:
            saved = self._profiles.save(
                profile,
                lambda current: conditions.hold_for(validators_of(current) if current else None),
            )
        except ProfileConflict:
            raise PreconditionFailed("The profile is not the one that the request names.") from None
        except RevisionLocked:
            raise Conflict("Other requests are changing the profile; send it again.") from None
        tag = THERAPIST_TAG.format(therapist_id=profile.therapist_id)
        self._purge(THERAPISTS_TAG, tag)
        return saved

    def require_own(self, therapist_id: UUID) -> None:
        """Raise 403 unless the caller may change the slots of that therapist."""
        caller = current_account()
        if caller.role != "admin" and caller.account_id != str(therapist_id):
            raise Forbidden("These slots belong to another therapist.")

    def period(self, query: SlotsQuery) -> tuple[datetime, datetime]:
        """Return the requested period, without what has begun."""
        begin = query.begin or self._now()
        end = query.end or begin + DEFAULT_PERIOD
        if not timedelta() < end - begin <= MAX_PERIOD:
            reason = f"should be after from, by at most {MAX_PERIOD.days} days"
            raise InvalidParameters([FieldError("to", reason)])
        # Keys of slots have minutes: the slot that begins in this minute has begun.
        return max(begin, self._now() + timedelta(minutes=1)), end

    def open(self, therapist: Therapist, starts: tuple[datetime, ...]) -> list[Slot]:
        """Open slots, all of them or none."""
        try:
            return self._offers.open(therapist, starts)
        except SlotOutOfRange:
            reason = f"should each be in the future, at most {MAX_DAYS_AHEAD} days ahead"
            raise InvalidParameters([FieldError("starts_at", reason)]) from None
        except RequestedSlotsOverlap:
            raise InvalidParameters([FieldError("starts_at", "should not overlap")]) from None
        except SlotExists:
            raise Conflict("A slot overlaps an existing slot.") from None


def blueprint(context: BookingContext, purge: Callable[..., None]) -> Blueprint:
    """Build the routes of therapists.

    Args:
        context: Repositories, provider, settings, clock and counter.
        purge: Removes what shows a profile from the CDN, by tags.
    """
    routes = Blueprint("therapists", __name__, url_prefix="/api/v1/therapists")
    therapists = _TherapistRoutes(context, purge)
    _add_public(routes, therapists)
    _add_profile(routes, therapists)
    _add_slots(routes, therapists)
    return routes


def _cached(tag: str) -> Callable[[_View], _View]:
    return middleware.public(
        max_age_seconds=FRESH_SECONDS,
        stale_while_revalidate_seconds=STALE_SECONDS,
        stale_if_error_seconds=ERROR_SECONDS,
        tags=(tag,),
    )


def _add_public(routes: Blueprint, therapists: _TherapistRoutes) -> None:
    @routes.get("")
    @_cached(THERAPISTS_TAG)
    @operation(TAG, _PAGE, query=TherapistsQuery)
    def list_therapists(query: TherapistsQuery) -> Response:
        """List therapists

        Filter them by language and by specialty.
        """
        found, last = therapists.therapists.page(
            limit=query.limit,
            after=str(query.cursor) if query.cursor else None,
            language=query.language,
            specialty=query.specialty,
        )
        next_url = query.url_at("therapists.list_therapists", last)
        page = TherapistsPage(therapists=tuple(map(TherapistView.of, found)), next=next_url)
        return with_next_link(json_response(page), next_url)

    @routes.get("/<uuid:therapist_id>")
    @_cached(THERAPIST_TAG)
    @operation(TAG, _THERAPIST, problems=(404,), path=PATH)
    def get_therapist(therapist_id: UUID) -> Response:
        """Get a therapist"""
        found = therapists.get(therapist_id)
        return add_validators(json_response(TherapistView.of(found)), validators_of(found))

    @routes.get("/<uuid:therapist_id>/slots")
    @middleware.public(max_age_seconds=0)
    @operation(TAG, _OPEN_SLOTS, query=SlotsQuery, problems=(404,), path=PATH)
    def list_slots(therapist_id: UUID, query: SlotsQuery) -> Response:
        """List a therapist's open slots

        The slots of a period, in the order of their time.
        """
        therapist = therapists.get(therapist_id)
        begin, end = therapists.period(query)
        found = (
            therapists.slots.list_open(therapist.therapist_id, begin, end) if begin < end else []
        )
        return json_response(SlotsList(slots=tuple(map(SlotView.of, found))))


def _add_profile(routes: Blueprint, therapists: _TherapistRoutes) -> None:
    @routes.put("/me")
    @_therapists_only
    @operation(TAG, _SAVED, headers=WriteConditions, body=TherapistProfile, problems=(409, 412))
    def put_profile(headers: WriteConditions, body: TherapistProfile) -> Response:
        """Create or replace your therapist profile

        Slots that are open keep their price.
        """
        fields = body.model_dump(exclude={"price"})
        profile = Therapist(
            current_account().account_id,
            **fields,
            amount=body.price.amount,
            currency=body.price.currency,
        )
        saved, is_new = therapists.save(profile, headers)
        response = json_response(TherapistView.of(saved), 201 if is_new else 200)
        if is_new:
            response.headers["Location"] = url_for(
                "therapists.get_therapist", therapist_id=saved.therapist_id
            )
        return add_validators(response, validators_of(saved))


def _add_slots(routes: Blueprint, therapists: _TherapistRoutes) -> None:
    @routes.post("/<uuid:therapist_id>/slots")
    @_therapists_only
    @operation(TAG, _OPENED, body=NewSlots, problems=(403, 404, 409), path=PATH)
    def open_slots(therapist_id: UUID, body: NewSlots) -> Response:
        """Open slots

        Either all of them are opened or none; slots that are open or booked already stay as they
        are.
        """
        therapists.require_own(therapist_id)
        slots = therapists.open(therapists.get(therapist_id), body.starts_at)
        return json_response(SlotsList(slots=tuple(map(SlotView.of, slots))), 201)

    @routes.delete("/<uuid:therapist_id>/slots/<starts_at>")
    @_therapists_only
    @operation(TAG, _CLOSED, problems=(403, 404, 409), path=SLOT_PATH)
    def close_slot(therapist_id: UUID, starts_at: str) -> Response:
        """Close an open slot"""
        therapists.require_own(therapist_id)
        instant = _instant(starts_at)
        if instant is None or not therapists.slots.is_offered(str(therapist_id), instant):
            raise NotFound("The slot does not exist.")
        if not therapists.slots.withdraw(str(therapist_id), instant):
            raise Conflict("The slot is booked; cancel the session.")
        return Response(status=204)


def _instant(text: str) -> datetime | None:
    try:
        return SlotsQuery.model_validate({"from": text}).begin
    except ValueError:
        return None
