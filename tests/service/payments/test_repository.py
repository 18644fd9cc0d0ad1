"""The repository of the provider's events: claims, leases and the index that expires."""

from datetime import UTC, datetime, timedelta

import gevent
import pytest
from pymongo.errors import OperationFailure

from service.payments.repository import PaymentEventRepository
from service.payments.room import PaymentsRoom
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


def test_database_without_expiring_indexes_is_logged_and_works(service, caplog):
    with caplog.at_level("INFO", logger="service.mongo"):
        service.room(PaymentsRoom).events.create_indexes()
    assert caplog.messages == [
        "this database has no indexes that expire: "
        "payment events are kept until they are deleted by hand"
    ]
    assert list(service.mongo.database["payment_events"].list_indexes()) == []


def test_another_failure_of_the_index_is_not_hidden(service, monkeypatch):
    def refuse(_):
        raise OperationFailure("not authorized", 13)

    monkeypatch.setattr(service.room(PaymentsRoom).events._collection, "create_indexes", refuse)
    with pytest.raises(OperationFailure, match="not authorized"):
        service.room(PaymentsRoom).events.create_indexes()
