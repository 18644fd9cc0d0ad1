"""The room of sessions: therapists, their slots, and the bookings of members."""

from dataclasses import dataclass
from typing import Any, get_args

from pymongo.database import Database

from service import metrics as business
from service.accounts.repository import AccountRepository
from service.foundation import Foundation, Room
from service.mongo.leases import KEPT_SECONDS
from service.mongo.retention import Retention
from service.mongo.sharding import ShardKeys
from service.payments.gateway import PaymentGateway
from service.payments.model import RefundStatus
from service.sessions import demo, routes, therapist_routes
from service.sessions.booking import BookingService
from service.sessions.cancellation import CancellationProcess
from service.sessions.context import BookingContext, CountedResult
from service.sessions.expiry import Expiry
from service.sessions.payment import PaymentProcess
from service.sessions.payment_events import BookingPaymentEvents
from service.sessions.recovery import Recovery
from service.sessions.refunds import Refunds
from service.sessions.repository import SessionRepositories
from service.sessions.settings import SessionSettings
from service.sessions.settlement import Settlement
from service.sessions.task_runner import TaskRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsRoom(Room):
    """Booked sessions.

    Args:
        context: Repositories, provider, settings, clock and counter.
        bookings: What members and therapists can do to a booking.
        payment_events: Applies the provider's events to bookings.
        tasks: Carries out what requests left behind.
        recovery: Runs the tasks in the background once telemetry starts.
    """

    context: BookingContext
    bookings: BookingService
    payment_events: BookingPaymentEvents
    tasks: TaskRunner
    recovery: Recovery

    @property
    def repositories(self) -> SessionRepositories:
        """The room's data."""
        return self.context.repositories


def build(
    foundation: Foundation,
    settings: SessionSettings,
    accounts: AccountRepository,
    payments: PaymentGateway,
) -> SessionsRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        settings: The rules.
        accounts: For the accounts of demo therapists.
        payments: The provider.
    """
    context = _context(foundation, settings, payments)
    _retain(foundation.retention, foundation.database, settings)
    _shard(foundation.shard_keys)
    context.repositories.add_indexes(foundation.indexes)
    refunds = Refunds(context)
    settlement = Settlement(context, refunds)
    payment = PaymentProcess(context, settlement)
    expiry = Expiry(context, payment)
    cancellations = CancellationProcess(context, payment, refunds)
    bookings = BookingService(context, payment, expiry, cancellations)
    tasks = TaskRunner(context, payment, expiry, cancellations, refunds)
    recovery = Recovery(
        context,
        tasks.run,
        report_unsettled=foundation.telemetry.metrics.gauge(business.PAYMENTS_UNSETTLED).set,
        sleep=foundation.sleep,
    )
    foundation.telemetry.on_start(recovery.start)
    foundation.telemetry.on_shutdown(recovery.stop)
    return SessionsRoom(
        context=context,
        bookings=bookings,
        payment_events=BookingPaymentEvents(context, settlement, cancellations, refunds),
        tasks=tasks,
        recovery=recovery,
        blueprints=(
            therapist_routes.blueprint(context, foundation.cdn.purge),
            routes.blueprint(context, bookings),
        ),
        load_demo_data=lambda: demo.load(
            context.repositories, accounts, settings, foundation.now()
        ),
    )


def _retain(
    retention: Retention, database: Database[dict[str, Any]], settings: SessionSettings
) -> None:
    retention.keep(
        "business records: one for each booking, payment and refund",
        *("bookings", "booking_outcomes", "booking_cancellations"),
        *("payment_attempts", "payment_results", "payment_names", "refunds", "refund_states"),
    )
    retention.keep(
        "as many as therapists offer; bookings refer to them",
        *("therapists", "slots", "slot_sales", "slots_reopened"),
    )
    retention.keep("one for each member and their therapist", "care")
    retention.keep("removed once the task is done", "booking_tasks")
    for name in ("booking_leases", "therapist_leases"):
        retention.expire(database[name], "until", KEPT_SECONDS)
    retention.expire(database["answers"], "at", settings.idempotency_seconds)
    retention.expire(database["answer_leases"], "until", settings.idempotency_seconds)


def _context(
    foundation: Foundation, settings: SessionSettings, payments: PaymentGateway
) -> BookingContext:
    counters = foundation.telemetry.metrics.counters(business.BOOKINGS)
    refunds = foundation.telemetry.metrics.counters(business.REFUNDS)
    for status in get_args(RefundStatus):
        refunds[status,]  # from zero, so that an alert sees the first one

    def count(result: CountedResult) -> None:
        counters[result,].inc()

    def count_refund(status: RefundStatus) -> None:
        refunds[status,].inc()

    return BookingContext(
        SessionRepositories(foundation.database, foundation.public_reads),
        payments,
        settings,
        now=foundation.now,
        count=count,
        count_refund=count_refund,
    )


def _shard(shard_keys: ShardKeys) -> None:
    shard_keys.hashed("found by its id in every step; a party's list asks each shard", "bookings")
    shard_keys.hashed(
        "claimed by the id of its booking, attempt or payment",
        *("booking_outcomes", "booking_cancellations"),
        *("payment_attempts", "payment_results", "payment_names", "refunds", "refund_states"),
    )
    shard_keys.ranged(
        "a calendar is one range of ids, which begin with the random id of the therapist",
        *("slots", "slot_sales"),
    )
    shard_keys.hashed("claimed by the id of a withdrawal", "slots_reopened")
    shard_keys.hashed("claimed by key or task, and number", "answers", "answer_leases")
    shard_keys.hashed("claimed by key or task, and number", "booking_leases", "therapist_leases")
    shard_keys.hashed("a check reads one pair", "care")
    shard_keys.unsharded("hundreds, read by filters", "therapists")
    shard_keys.unsharded("few, for what is done is removed; read by their time", "booking_tasks")
