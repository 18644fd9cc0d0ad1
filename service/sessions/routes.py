"""Sessions: book a slot, pay for it, cancel it, and see one's own. Somebody else's session is none
that there is.

Paying and cancelling move money, so both ask for an ``Idempotency-Key``. A booking that is not paid
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
from service.payments.gateway import Payment, PaymentsUnavailable
from service.sessions.booking import Bookings, NoSuchSlot, OwnSlot, SlotTaken, TooManyUnpaid
from service.sessions.calendar import calendar
from service.sessions.context import Closed
from service.sessions.repository import BookingState, Canceller, Party
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
WHICH: Final = {"session_id": "The session's id."}
REPLAY: Final = {REPLAYED: "`true` when this is the answer to an earlier request of that key."}
_READING: Final = ("sessions.get_session", "sessions.calendar_file")
_THIS: Final = {"session_id": "$response.body#/id"}
_PAID: Final = links_to(_THIS, *_READING, "sessions.cancel_session")
_NEW: Final = {
    201: ResponseSpec(
        "The session, to be paid.",
        SessionView,
        headers={"Location": "Where it is."},
        links=links_to(_THIS, *_READING, "sessions.pay_session", "sessions.cancel_session"),
    )
}
_PAGE: Final = {200: ResponseSpec("A page.", SessionsPage, headers=LINK)}


class _Sessions:
    """The routes' common parts."""

    def __init__(self, bookings: Bookings) -> None:
        parts = bookings.parts
        self.workflow = bookings
        self.therapists, self.kept = parts.sessions.therapists, parts.sessions.bookings
        self.once = IdempotentOperation(
            parts.sessions.answers, parts.settings.booking_grace_seconds, parts.now
        )

    def own(self, session_id: UUID) -> BookingState:
        """A session of the caller, or 404."""
        found = self.workflow.find(str(session_id), current_account().account_id)
        if found is None:
            raise NotFound("There is no such session of yours.")
        return found

    def pay(self, state: BookingState, method: str) -> Response:
        """The answer to a payment."""
        try:
            payment = self.workflow.pay(state.booking, method)
        except Closed as error:
            raise Conflict(str(error)) from None
        except PaymentsUnavailable:
            return _unavailable()
        status = 202 if payment.status == "processing" else 200
        return _refused(payment) or json_response(
            SessionView.of(self.kept.state(state.booking)), status
        )

    def cancel(self, state: BookingState, by: Canceller) -> Response:
        """The answer to a cancellation."""
        try:
            return json_response(SessionView.of(self.workflow.cancel(state.booking, by)))
        except Closed as error:
            raise Conflict(str(error)) from None


def _refused(payment: Payment) -> Response | None:
    if payment.status == "declined":
        return problem(
            402,
            "The payment was declined; pay with something else.",
            type=DECLINED,
            title="Payment Declined",
        )
    if payment.status == "action_required":
        detail = "The payment waits for the payer's consent; complete it with the client_secret, then read the session."
        return problem(
            402,
            detail,
            type=ACTION_REQUIRED,
            title="Payment Action Required",
            client_secret=payment.client_secret,
        )
    return None


def _unavailable() -> Response:
    detail = "The payment provider did not answer; send the request again with the same key, or see later what became of the session."
    response = problem(503, detail, type=PAYMENTS_UNAVAILABLE, title="Payments Unavailable")
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _side(state: BookingState) -> Canceller:
    return "member" if current_account().account_id == state.booking.member_id else "therapist"


def blueprint(bookings: Bookings) -> Blueprint:
    """The routes of sessions.

    Args:
        bookings: The workflow.
    """
    routes = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions")
    sessions = _Sessions(bookings)
    _change(routes, sessions)
    _read(routes, sessions)
    return routes


def _change(routes: Blueprint, sessions: _Sessions) -> None:
    @routes.post("")
    @protected
    @operation(TAG, _NEW, body=NewSession, problems=(403, 404, 409))
    def book_session(body: NewSession) -> Response:
        """Books a slot, which is kept until the session expires unless it is paid."""
        try:
            booking = sessions.workflow.book(
                current_account().account_id, str(body.therapist_id), body.starts_at
            )
        except NoSuchSlot:
            raise NotFound("There is no such slot, or it has begun.") from None
        except OwnSlot:
            raise Forbidden("A therapist does not book a slot of her own.") from None
        except SlotTaken:
            raise Conflict("The slot is taken.") from None
        except TooManyUnpaid:
            raise Conflict(
                "You hold as many sessions that are not paid as one may; pay or cancel one first."
            ) from None
        response = json_response(SessionView.of(BookingState(booking)), 201)
        response.headers["Location"] = url_for(
            "sessions.get_session", session_id=booking.booking_id
        )
        return response

    @routes.post("/<uuid:session_id>/payment")
    @protected
    @operation(
        TAG,
        {
            200: ResponseSpec("It is paid.", SessionView, headers=REPLAY, links=_PAID),
            202: ResponseSpec(
                "The payment is under way.", SessionView, headers=REPLAY, links=_PAID
            ),
        },
        headers=IdempotencyHeaders,
        body=NewPayment,
        problems=(402, 403, 404, 409),
        path=WHICH,
    )
    def pay_session(session_id: UUID, headers: IdempotencyHeaders, body: NewPayment) -> Response:
        """Pays a session. Money is taken once, whatever the key; a further payment method is tried
        when the one before was declined.
        """
        state = sessions.own(session_id)
        if _side(state) != "member":
            raise Forbidden("The member pays.")
        account_id = current_account().account_id
        return sessions.once(
            account_id, headers.key, body, lambda: sessions.pay(state, body.payment_method)
        )

    @routes.post("/<uuid:session_id>/cancellation")
    @protected
    @operation(
        TAG,
        {200: ResponseSpec("It is cancelled.", SessionView, headers=REPLAY)},
        headers=IdempotencyHeaders,
        problems=(404, 409),
        path=WHICH,
    )
    def cancel_session(session_id: UUID, headers: IdempotencyHeaders) -> Response:
        """Cancels a session. A member gets back what the time until it allows, and all when the
        therapist cancels.
        """
        state = sessions.own(session_id)
        return sessions.once(
            current_account().account_id,
            headers.key,
            None,
            lambda: sessions.cancel(state, _side(state)),
        )


def _read(routes: Blueprint, sessions: _Sessions) -> None:
    @routes.get("")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(TAG, _PAGE, query=SessionsQuery)
    def list_sessions(query: SessionsQuery) -> Response:
        """Sessions of one's own, the latest first."""
        caller = current_account()
        as_therapist = (query.party or caller.role) == "therapist"
        party: Party = "therapist_id" if as_therapist else "member_id"
        found, last = sessions.kept.page(
            party, caller.account_id, limit=query.limit, after=query.after
        )
        next_url = query.next_url("sessions.list_sessions", last)
        return with_next_link(
            json_response(SessionsPage(sessions=tuple(map(SessionView.of, found)), next=next_url)),
            next_url,
        )

    @routes.get("/<uuid:session_id>")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(TAG, {200: ResponseSpec("The session.", SessionView)}, problems=(404,), path=WHICH)
    def get_session(session_id: UUID) -> Response:
        """One session of one's own."""
        return json_response(SessionView.of(sessions.own(session_id)))

    @routes.get("/<uuid:session_id>/calendar.ics")
    @protected
    @middleware.private(max_age_seconds=0)
    @operation(
        TAG,
        {200: ResponseSpec("The file.", media_types=("text/calendar",))},
        problems=(404,),
        path=WHICH,
    )
    def calendar_file(session_id: UUID) -> Response:
        """A session of one's own as a calendar file; also a cancelled one, so that calendars take
        it out.
        """
        state = sessions.own(session_id)
        therapist = sessions.therapists.get(state.booking.therapist_id)
        is_member = _side(state) == "member"
        summary = f"Session with {therapist.name}" if is_member and therapist else "Session"
        response = Response(calendar(state, summary), content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = (
            f'attachment; filename="session-{state.booking.starts_at:%Y-%m-%d}.ics"'
        )
        return response
