"""Routes of sessions: book, pay, cancel, and read sessions of the caller. Other sessions are a 404.

Paying and cancelling move money, so both require an ``Idempotency-Key``. A session that is not paid
in time expires.

Source: RFC 9110 for 402 and ``Retry-After``; RFC 5545 for the calendar file.
"""

from typing import Final
from uuid import UUID

from flask import Blueprint, Response, url_for
from werkzeug.exceptions import Conflict, Forbidden, NotFound

from service.accounts.guard import current_account, protected
from service.http import middleware
from service.http.idempotency import REPLAYED, IdempotentOperation
from service.http.openapi.links import links_to
from service.http.operation import ResponseSpec, operation
from service.http.pagination import LINK, with_next_link
from service.http.problems import problem
from service.http.responses import json_response
from service.payments.gateway import PaymentsUnavailable
from service.payments.model import Payment
from service.sessions.booking import (
    BookingService,
    OwnSlot,
    SlotNotFound,
    SlotTaken,
    TooManyUnpaid,
)
from service.sessions.calendar import calendar
from service.sessions.context import BookingClosed, BookingContext
from service.sessions.model import Booking, BookingState, Canceller, Party
from service.sessions.schemas import (
    IdempotencyHeaders,
    NewPayment,
    NewSession,
    SessionsPage,
    SessionsQuery,
    SessionView,
)

TAG: Final = "Sessions"
DECLINED: Final = "urn:serene:problem:payment-declined"
ACTION_REQUIRED: Final = "urn:serene:problem:payment-action-required"
PAYMENTS_UNAVAILABLE: Final = "urn:serene:problem:payments-unavailable"
RETRY_AFTER_SECONDS: Final = 5
PATH: Final = {"session_id": "The session's id."}
REPLAY: Final = {REPLAYED: "`true` when this repeats the response to an earlier request."}
_READING: Final = ("sessions.get_session", "sessions.calendar_file")
_THIS: Final = {"session_id": "$response.body#/id"}
_PAID: Final = links_to(_THIS, *_READING, "sessions.cancel_session")
_BOOKED: Final = {
    201: ResponseSpec(
        "The new session, which waits for its payment.",
        SessionView,
        headers={"Location": "URL of the session."},
        links=links_to(_THIS, *_READING, "sessions.pay_session", "sessions.cancel_session"),
    )
}
_PAYMENT: Final = {
    200: ResponseSpec("The session is paid.", SessionView, headers=REPLAY, links=_PAID),
    202: ResponseSpec("The payment is being processed.", SessionView, headers=REPLAY, links=_PAID),
}
_CANCELLED: Final = {200: ResponseSpec("The session is cancelled.", SessionView, headers=REPLAY)}
_PAGE: Final = {200: ResponseSpec("One page of sessions.", SessionsPage, headers=LINK)}
_SESSION: Final = {200: ResponseSpec("The session.", SessionView)}
_CALENDAR: Final = {200: ResponseSpec("The calendar file.", media_types=("text/calendar",))}


class _SessionRoutes:
    """What the views share: the service, and the translation of its results into responses.

    Args:
        context: Repositories, provider, settings, clock and counter.
        bookings: The workflow.
    """

    def __init__(self, context: BookingContext, bookings: BookingService) -> None:
        self.bookings = bookings
        self.repositories = context.repositories
        self.idempotent = IdempotentOperation(
            context.repositories.responses, context.settings.booking_grace_seconds, context.now
        )

    def own(self, session_id: UUID) -> BookingState:
        """Return a session of the caller, or raise 404."""
        found = self.bookings.find(str(session_id), current_account().account_id)
        if found is None:
            raise NotFound("You have no session with this id.")
        return found

    def book(self, body: NewSession) -> Booking:
        """Book a slot for the caller."""
        member_id, therapist_id = current_account().account_id, str(body.therapist_id)
        try:
            return self.bookings.book(member_id, therapist_id, body.starts_at)
        except SlotNotFound:
            raise NotFound("The slot does not exist or has already begun.") from None
        except OwnSlot:
            raise Forbidden("Therapists cannot book their own slots.") from None
        except SlotTaken:
            raise Conflict("The slot is taken.") from None
        except TooManyUnpaid:
            raise Conflict(
                "You have reached the limit of unpaid sessions; pay or cancel one first."
            ) from None

    def pay(self, booking: Booking, method: str) -> Response:
        """Pay a booking."""
        try:
            payment = self.bookings.pay(booking, method)
        except BookingClosed as error:
            raise Conflict(str(error)) from None
        except PaymentsUnavailable:
            return _unavailable()
        if payment.status == "declined":
            return _declined()
        if payment.status == "action_required":
            return _action_required(payment)
        state = self.bookings.state_of(booking)
        return json_response(SessionView.of(state), 202 if payment.status == "processing" else 200)

    def cancel(self, booking: Booking, by: Canceller) -> Response:
        """Cancel a booking."""
        try:
            return json_response(SessionView.of(self.bookings.cancel(booking, by)))
        except BookingClosed as error:
            raise Conflict(str(error)) from None


def _declined() -> Response:
    detail = "The payment was declined; use another payment method."
    return problem(402, detail, type=DECLINED, title="Payment Declined")


def _action_required(payment: Payment) -> Response:
    return problem(
        402,
        "The payment needs the payer's confirmation; complete it with the client_secret, "
        "then get the session.",
        type=ACTION_REQUIRED,
        title="Payment Action Required",
        client_secret=payment.client_secret,
    )


def _unavailable() -> Response:
    response = problem(
        503,
        "The payment provider did not respond; repeat the request with the same Idempotency-Key, "
        "or get the session later.",
        type=PAYMENTS_UNAVAILABLE,
        title="Payments Unavailable",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _party(state: BookingState) -> Canceller:
    return "member" if current_account().account_id == state.booking.member_id else "therapist"


def blueprint(context: BookingContext, bookings: BookingService) -> Blueprint:
    """Build the routes of sessions.

    Args:
        context: Repositories, provider, settings, clock and counter.
        bookings: The workflow.
    """
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions")
    sessions = _SessionRoutes(context, bookings)
    _add_booking(routes, sessions)
    _add_payment(routes, sessions)
    _add_reading(routes, sessions)
    _add_calendar(routes, sessions)
    return routes


def _add_booking(routes: Blueprint, sessions: _SessionRoutes) -> None:
    @routes.post("")
    @protected
    @operation(TAG, _BOOKED, body=NewSession, problems=(403, 404, 409))
    def book_session(body: NewSession) -> Response:
        """Book a session

        The session holds the therapist's slot until it is paid or expires.
        """
        booking = sessions.book(body)
        response = json_response(SessionView.of(BookingState(booking)), 201)
        response.headers["Location"] = url_for(
            "sessions.get_session", session_id=booking.booking_id
        )
        return response


def _add_payment(routes: Blueprint, sessions: _SessionRoutes) -> None:
    @routes.post("/<uuid:session_id>/payment")
    @protected
    @operation(
        TAG,
        _PAYMENT,
        headers=IdempotencyHeaders,
        body=NewPayment,
        problems=(402, 403, 404, 409),
        path=PATH,
    )
    def pay_session(session_id: UUID, headers: IdempotencyHeaders, body: NewPayment) -> Response:
        """Pay for a session

        Money is taken once, whatever the `Idempotency-Key`. After a payment was declined, another
        payment method can be used with a new key.
        """
        state = sessions.own(session_id)
        if _party(state) != "member":
            raise Forbidden("Only the member can pay for the session.")
        return sessions.idempotent(
            current_account().account_id,
            headers.key,
            body,
            lambda: sessions.pay(state.booking, body.payment_method),
        )

    @routes.post("/<uuid:session_id>/cancellation")
    @protected
    @operation(TAG, _CANCELLED, headers=IdempotencyHeaders, problems=(404, 409), path=PATH)
    def cancel_session(session_id: UUID, headers: IdempotencyHeaders) -> Response:
        """Cancel a session

        The member and the therapist can cancel until the session begins. What is paid back depends
        on who cancels and when, see `refund`.
        """
        state = sessions.own(session_id)
        return sessions.idempotent(
            current_account().account_id,
            headers.key,
            None,
            lambda: sessions.cancel(state.booking, _party(state)),
        )


def _add_reading(routes: Blueprint, sessions: _SessionRoutes) -> None:
    @routes.get("")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(TAG, _PAGE, query=SessionsQuery)
    def list_sessions(query: SessionsQuery) -> Response:
        """List your sessions

        The latest session comes first.
        """
        caller = current_account()
        as_therapist = (query.party or caller.role) == "therapist"
        party: Party = "therapist_id" if as_therapist else "member_id"
        found, last = sessions.repositories.bookings.page(
            party, caller.account_id, limit=query.limit, after=query.after
        )
        next_url = query.next_url("sessions.list_sessions", last)
        page = SessionsPage(sessions=tuple(map(SessionView.of, found)), next=next_url)
        return with_next_link(json_response(page), next_url)

    @routes.get("/<uuid:session_id>")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(TAG, _SESSION, problems=(404,), path=PATH)
    def get_session(session_id: UUID) -> Response:
        """Get a session"""
        return json_response(SessionView.of(sessions.own(session_id)))


def _add_calendar(routes: Blueprint, sessions: _SessionRoutes) -> None:
    @routes.get("/<uuid:session_id>/calendar.ics")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(TAG, _CALENDAR, problems=(404,), path=PATH)
    def calendar_file(session_id: UUID) -> Response:
        """Download a session's calendar file

        A file to import; its event is that of an earlier import, with its present state.
        """
        state = sessions.own(session_id)
        therapist = sessions.repositories.therapists.get(state.booking.therapist_id)
        is_member = _party(state) == "member"
        summary = f"Session with {therapist.name}" if is_member and therapist else "Session"
        response = Response(calendar(state, summary), content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = (
            f'attachment; filename="session-{state.booking.starts_at:%Y-%m-%d}.ics"'
        )
        return response
