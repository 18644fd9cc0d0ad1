"""A payment provider for tests, and crashes of the process.

The provider obeys idempotency keys and keeps a ledger; a test sets its responses, its latency and
its failures.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
import pytest
from gevent.lock import RLock
from pymongo.collection import Collection

from service.payments.gateway import PaymentsUnavailable
from service.payments.model import Payment, PaymentStatus, Refund, RefundStatus


class Crash(BaseException):
    """The process died here."""


def after_writes(monkeypatch: pytest.MonkeyPatch, is_the_end: Callable[[], bool]) -> None:
    """Let the process die after the write to the database at which ``is_the_end`` returns true."""
    for name in ("insert_one", "update_one", "replace_one", "delete_one"):
        original = getattr(Collection, name)

        def write(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            result = _original(self, *args, **kwargs)
            if is_the_end():
                raise Crash
            return result

        monkeypatch.setattr(Collection, name, write)


@dataclass
class Provider:
    """One provider; calls with the same key have one effect, also at the same time.

    Args:
        status: Of new payments.
        refund_status: Of each refund, at each call.
        latency_seconds: Of each call.
        lost_responses: So many of the next calls do their work and return no response.
        unreachable: Calls do not arrive at all.
        crash_after: The next call with that name does its work, and then the caller dies.
    """

    status: PaymentStatus = "succeeded"
    refund_status: RefundStatus = "succeeded"
    latency_seconds: float = 0.0
    lost_responses: int = 0
    unreachable: bool = False
    crash_after: str = ""
    payments: dict[str, Payment] = field(default_factory=dict)
    requests: dict[str, tuple[object, ...]] = field(default_factory=dict)
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    def pay(self, *, amount: int, currency: str, method: str, booking_id: str, key: str) -> Payment:
        self._run_once(
            key,
            (amount, currency, method, booking_id),
            lambda: self._new_payment(key, amount, currency),
        )
        self._respond("pay")
        return self.payments[key]

    def refund(self, *, payment_id: str, amount: int, key: str) -> Refund:
        self._run_once(
            key, (payment_id, amount), lambda: self.refunds.setdefault(key, (payment_id, amount))
        )
        self._respond("refund")
        return Refund(f"re_{key}", self.refund_status, amount)

    def find_refund(self, refund_id: str) -> Refund:
        self.calls.append(f"find:{refund_id}")
        _, amount = self.refunds[refund_id.removeprefix("re_")]
        return Refund(refund_id, self.refund_status, amount)

    def balance(self) -> dict[str, int]:
        """Return what is left of each payment that succeeded."""
        left = {
            payment.payment_id: payment.amount
            for payment in self.payments.values()
            if payment.status == "succeeded"
        }
        for payment_id, amount in self.refunds.values():
            left[payment_id] -= amount
        return left

    def complete(self, payment_id: str, status: PaymentStatus) -> None:
        """Set the final status of a payment, as its payer or bank does."""
        key, payment = next(
            (key, one) for key, one in self.payments.items() if one.payment_id == payment_id
        )
        self.payments[key] = Payment(payment_id, status, payment.amount, payment.currency)

    def _new_payment(self, key: str, amount: int, currency: str) -> None:
        payment_id = f"pi_{len(self.payments) + 1}"
        secret = f"secret_of_{payment_id}" if self.status == "action_required" else ""
        self.payments[key] = Payment(payment_id, self.status, amount, currency, secret)

    def _run_once(self, key: str, request: tuple[object, ...], work: Callable[[], object]) -> None:
        self.calls.append(key)
        if self.unreachable:
            raise PaymentsUnavailable("unreachable")
        with self._lock:
            assert self.requests.setdefault(key, request) == request, (
                "a key was used for another request"
            )
            if key not in self.payments and key not in self.refunds:
                gevent.sleep(self.latency_seconds)
                work()

    def _respond(self, call: str) -> None:
        if self.crash_after == call:
            self.crash_after = ""
            raise Crash
        if self.lost_responses:
            self.lost_responses -= 1
            raise PaymentsUnavailable("the response was lost")
