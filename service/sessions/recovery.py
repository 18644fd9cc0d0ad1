"""The recovery pass: finishes what requests left behind, and ends bookings that nobody paid.

Every worker makes it; a lease keeps two of them from the same task, and all that is done here may
be done twice anyway. What does not come to its end is tried again, after half of its age each time.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import gevent
from pymongo.errors import PyMongoError

from service.mongo.leases import Lease
from service.payments.gateway import PaymentsUnavailable
from service.sessions.booking import Bookings
from service.sessions.context import LOG, Closed
from service.sessions.repository import Booking, Cancellation
from service.sessions.task_repository import Task

TASKS_A_PASS: Final = 100


class Recovery:
    """Makes the pass, once or again and again.

    Args:
        bookings: The workflow.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, bookings: Bookings, *, sleep: Callable[[float], None] = gevent.sleep
    ) -> None:
        self._bookings = bookings
        self._parts = bookings.parts
        self._sessions = bookings.parts.sessions
        self._sleep = sleep
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Make a pass every so often, in the background."""
        if self._greenlet is None:
            self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Make no more; one under way is cut, as a crash would."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def once(self) -> int:
        """One pass over the tasks that are due; returns how many came to their end.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be used.
        """
        finished = sum(
            self._take(task) for task in self._sessions.tasks.due(self._parts.now(), TASKS_A_PASS)
        )
        kept = timedelta(seconds=self._parts.settings.idempotency_seconds)
        self._sessions.answers.forget_before(self._parts.now() - kept)
        return finished

    def _run(self) -> None:
        while True:
            self._sleep(self._parts.settings.booking_recovery_seconds)
            try:
                self.once()
            except PyMongoError as error:
                LOG.warning(
                    "no recovery of bookings, MongoDB cannot be used: %s", type(error).__name__
                )

    def _take(self, task: Task) -> bool:
        leases, settings = self._sessions.tasks.leases, self._parts.settings
        lease = leases.take(
            task.task_id, now=self._parts.now(), seconds=settings.booking_grace_seconds
        )
        if not isinstance(lease, Lease):
            return False
        try:
            self._do(task)
        except Closed:
            pass  # it succeeded for nothing, and the money was given back
        except PaymentsUnavailable:
            LOG.warning(
                "task %s of booking %s: the payment provider does not answer",
                task.kind,
                task.booking_id,
            )
        except PyMongoError:
            raise
        except Exception:
            # One task that cannot be done must not keep the others from being done.
            LOG.exception("task %s of booking %s", task.kind, task.booking_id)
        return self._finished(task, lease)

    def _finished(self, task: Task, lease: Lease) -> bool:
        if self._sessions.tasks.is_open(task):
            now = self._parts.now()
            wait = max(
                timedelta(seconds=self._parts.settings.booking_recovery_seconds),
                (now - task.begun_at) / 2,
            )
            self._sessions.tasks.put_off(task, now + wait)
            self._sessions.tasks.leases.give_back(lease, now)
            return False
        self._sessions.tasks.leases.forget(task.task_id)
        if task.kind != "expire":
            self._parts.count("recovered")
        return True

    def _do(self, task: Task) -> None:
        if task.kind == "expire":
            self._bookings.ending.expire(task.booking_id)
            return
        booking = self._sessions.bookings.get(task.booking_id)
        if booking is None:
            self._sessions.tasks.remove(task.kind, task.subject)
        elif task.kind == "cancel":
            wish = Cancellation(
                task.details["by"], task.details["at"], task.details["refund_amount"]
            )
            self._bookings.ending.carry_out(booking, wish)
        elif task.kind == "refund":
            self._refund(task, booking)
        else:
            attempt = self._sessions.bookings.attempt(task.booking_id, task.details["number"])
            if attempt is None or attempt.result in ("declined", "abandoned"):
                self._sessions.tasks.remove("pay", task.subject)
            elif not self._bookings.paying.abandon(task.booking_id, attempt):
                self._bookings.paying.ask(booking, attempt)

    def _refund(self, task: Task, booking: Booking) -> None:
        # The provider refuses to give back more than was paid; of a part it may, once it has
        # forgotten the key, give another one.
        too_old = self._parts.now() - task.begun_at >= timedelta(
            seconds=self._parts.settings.payment_watch_seconds
        )
        if (
            too_old
            and task.details["amount"] < booking.amount
            and self._sessions.bookings.refunds.get(task.subject) is None
        ):
            LOG.error(
                "whether a part of booking %s was paid back was never learnt: look it up at the provider",
                task.booking_id,
            )
            self._parts.count("abandoned")
        else:
            self._bookings.paying.refund(booking, task.subject, task.details["amount"])
