"""The recovery pass: finishes what requests left behind, and ends unpaid bookings.

Every worker makes it; a lease keeps two of them from the same task, and every task may be carried
out twice anyway. A task that is not finished is tried again, after half of its age each time.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import gevent
from pymongo.errors import PyMongoError

from service.mongo.background_passes import BackgroundPasses
from service.mongo.leases import Lease
from service.payments.gateway import PaymentsUnavailable
from service.sessions.context import LOG, BookingClosed, BookingContext
from service.sessions.model import Task, TaskKind

TASKS_A_PASS: Final = 100
UNSETTLED: Final = frozenset[TaskKind]({"pay", "cancel", "refund"})
"""Tasks that leave open what becomes of money."""


class Recovery(BackgroundPasses):
    """Makes passes over the tasks that are due.

    Args:
        context: Repositories, provider, settings, clock and counter.
        run_task: Carries out one task.
        report_unsettled: Called after each pass with the age in seconds of the oldest task of
            ``UNSETTLED``, 0 without one.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        context: BookingContext,
        run_task: Callable[[Task], None],
        *,
        report_unsettled: Callable[[float], object] = float,
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        super().__init__(sleep)
        self._report_unsettled = report_unsettled
        self._context = context
        self._run_task = run_task
        self._tasks = context.repositories.tasks
        self._leases = context.repositories.tasks.leases

    def run_pass(self) -> int:
        """Carry out the tasks that are due, and return how many were finished.

        Raises:
            pymongo.errors.PyMongoError: MongoDB cannot be used.
        """
        due = self._tasks.due(self._context.now(), TASKS_A_PASS)
        finished = sum(self._take(task) for task in due)
        oldest = self._tasks.oldest(UNSETTLED)
        age = (self._context.now() - oldest).total_seconds() if oldest else 0.0
        self._report_unsettled(age)
        return finished

    def _pause_seconds(self) -> float:
        return self._context.settings.booking_recovery_seconds

    def _log_skipped(self, error: PyMongoError) -> None:
        LOG.warning("no recovery of bookings, MongoDB cannot be used: %s", type(error).__name__)

    def _take(self, task: Task) -> bool:
        lease = self._leases.take(
            task.task_id,
            now=self._context.now(),
            seconds=self._context.settings.booking_grace_seconds,
        )
        if not isinstance(lease, Lease):
            return False
        self._attempt(task)
        return self._is_finished(task, lease)

    def _attempt(self, task: Task) -> None:
        try:
            self._run_task(task)
        except BookingClosed:
            pass  # a payment succeeded after its booking had ended, and was refunded
        except PaymentsUnavailable:
            LOG.warning(
                "task %s of booking %s: the payment provider is unavailable",
                task.kind,
                task.booking_id,
            )
        except PyMongoError:
            raise
        except Exception:
            # One task that fails must not keep the others from being carried out.
            LOG.exception("task %s of booking %s", task.kind, task.booking_id)

    def _is_finished(self, task: Task, lease: Lease) -> bool:
        if self._tasks.is_open(task):
            self._postpone(task, lease)
            return False
        self._leases.forget(task.task_id)
        if task.kind != "expire":
            self._context.count("recovered")
        return True

    def _postpone(self, task: Task, lease: Lease) -> None:
        now = self._context.now()
        shortest = timedelta(seconds=self._context.settings.booking_recovery_seconds)
        self._tasks.postpone(task, now + max(shortest, (now - task.begun_at) / 2))
        self._leases.give_back(lease, now)
