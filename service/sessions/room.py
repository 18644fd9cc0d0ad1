"""The room of sessions, built: therapists and their slots, bookings and what becomes of them."""

from dataclasses import dataclass

from service import metrics as business
from service.accounts.repository import AccountRepository
from service.foundation import Foundation, Room
from service.payments.gateway import Payments
from service.sessions import demo, routes, therapist_routes
from service.sessions.booking import Bookings
from service.sessions.context import CountedResult, Parts
from service.sessions.recovery import Recovery
from service.sessions.repositories import SessionRepositories
from service.sessions.settings import SessionSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRoom(Room):
    """Booked sessions.

    Args:
        repositories: Everything that is kept.
        bookings: What can be done to a booking.
        recovery: Finishes what requests left behind; runs in the background once telemetry starts.
    """

    repositories: SessionRepositories
    bookings: Bookings
    recovery: Recovery


def build(
    foundation: Foundation,
    settings: SessionSettings,
    accounts: AccountRepository,
    payments: Payments,
) -> SessionsRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: The rules.
        accounts: For the accounts of demo therapists.
        payments: The provider.
    """
    telemetry = foundation.telemetry
    repositories = SessionRepositories(foundation.database)
    foundation.mongo.on_connect(repositories.create_indexes)
    counters = telemetry.metrics.counters(business.BOOKINGS)

    def count(result: CountedResult) -> None:
        counters[result,].inc()

    parts = Parts(repositories, payments, settings, now=foundation.now, count=count)
    bookings = Bookings(parts)
    recovery = Recovery(bookings, sleep=foundation.sleep)
    telemetry.on_start(recovery.start)
    telemetry.on_shutdown(recovery.stop)
    return SessionsRoom(
        repositories=repositories,
        bookings=bookings,
        recovery=recovery,
        blueprints=(therapist_routes.blueprint(parts), routes.blueprint(bookings)),
        load_demo_data=lambda: demo.load(repositories, accounts, settings, foundation.now()),
    )
