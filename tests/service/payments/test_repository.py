"""The repository of the provider's events: claims and leases."""

from datetime import UTC, datetime, timedelta

import gevent

from service.payments.repository import PaymentEventRepository
from tests.clock import Clock


def test_event_of_a_killed_handler_can_be_claimed_once_after_its_lease(
    service,
):
    clock = Clock(datetime(2026, 11, 25, tzinfo=UTC))
    events = PaymentEventRepository(
        service.mongo.database["payment_events"], lease_seconds=60, now=clock
    )
    assert (events.claim("evt_1"), events.claim("evt_1")) == ("claimed", "busy")
    clock.now += timedelta(seconds=59.9)
    assert events.claim("evt_1") == "busy"
    clock.now += timedelta(seconds=0.1)
    greenlets = [gevent.spawn(events.claim, "evt_1") for _ in range(16)]
    gevent.joinall(greenlets, timeout=60, raise_error=True)
    assert sorted(greenlet.value for greenlet in greenlets) == ["busy"] * 15 + ["claimed"]
    events.mark_handled("evt_1")
    clock.now += timedelta(days=1)
    assert events.claim("evt_1") == "handled"
    events.release("evt_1")
    assert events.claim("evt_1") == "handled"
