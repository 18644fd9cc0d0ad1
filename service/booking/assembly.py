"""The workflow of a worker, from the parts that its composition root has."""

from typing import Never

from service.booking.parts import CountedResult, Parts
from service.booking.workflow import Bookings
from service.payments.gateway import Payment, Payments, PaymentsUnavailable
from service.settings.bookings import BookingSettings
from service.store import Store
from telemetry import Telemetry, names


class NoPayments:
    """The provider of a service that has none: never there."""

    def pay(self, *, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        """Takes nothing."""
        return self._nobody()

    def refund(self, *, payment_id: str, amount: int, key: str) -> str:
        """Gives nothing back."""
        return self._nobody()

    @staticmethod
    def _nobody() -> Never:
        raise PaymentsUnavailable("no payment provider is set up")


def assemble(
    settings: BookingSettings, telemetry: Telemetry, store: Store, payments: Payments | None = None
) -> Bookings:
    """The workflow of a worker.

    Args:
        settings: The rules.
        telemetry: Counts what comes of bookings.
        store: The database; not necessarily reachable.
        payments: The provider; without one nobody can pay.
    """
    counters = telemetry.metrics.counters(names.BOOKINGS)

    def count(result: CountedResult) -> None:
        counters[result,].inc()

    return Bookings(
        Parts(store.sessions, store.care, payments or NoPayments(), settings, count=count)
    )
