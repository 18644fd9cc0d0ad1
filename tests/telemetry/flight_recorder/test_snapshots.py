"""What a snapshot of a slow request shows, while the request still runs."""

import gevent
import pytest

from telemetry.native import sleep as native_sleep
from telemetry.requests.holders import Holder
from telemetry.requests.record import waiting
from telemetry.span_names import SNAPSHOT_EVENT
from tests.support.polling import wait_until
from tests.telemetry.records import record

pytestmark = pytest.mark.slow


def frames_of(snapshot, role):
    return [each["frames"] for each in snapshot["stacks"] if each["greenlet"] == role]


def test_an_open_wait_is_shown_with_its_subject_and_the_stack(shop):
    observed = shop()
    request = observed.spawn("/slow")
    found = observed.live("/slow")
    assert (found["inFlight"], found["outcome"]) == (True, None)
    first = found["snapshots"][0]
    (wait,) = first["openWaits"]
    assert (wait["phase"], wait["subject"]) == ("db", "find orders {status} on 127.0.0.1:27017")
    assert 0.0 < wait["seconds"] <= first["ageSeconds"]
    assert first["phaseSeconds"]["db"] == pytest.approx(wait["seconds"], abs=0.01)
    assert any(frame.endswith("slow") for frame in frames_of(first, "main")[0])
    request.join()


def test_snapshots_come_at_each_doubling_and_are_events_of_the_span(shop):
    observed = shop()
    observed.spawn("/slow").join()
    (kept,) = observed.kept()
    ages = [each["ageSeconds"] for each in kept["snapshots"]]
    assert 2 <= len(ages) <= 3
    assert ages[0] >= 0.2
    assert ages[1] >= 0.4
    events = observed.completed[0]
    assert [each.name for each in events] == [SNAPSHOT_EVENT] * len(ages)
    assert events[0].attributes["request.wait"].startswith("db for ")
    assert "slow" in events[0].attributes["code.stacktrace"]


def test_each_greenlet_that_the_request_spawned_has_its_stack(shop):
    observed = shop()
    request = observed.spawn("/parallel")
    first = observed.live("/parallel")["snapshots"][0]
    assert [each["phase"] for each in first["openWaits"]] == ["external", "external"]
    spawned = frames_of(first, "spawned")
    assert [any("ask" in frame for frame in frames) for frames in spawned] == [True, True]
    request.join()


@pytest.mark.parametrize(("kind", "certainly"), [("reentrant", True), ("plain", False)])
def test_a_lock_is_named_with_the_request_that_has_it(shop, kind, certainly):
    observed = shop()
    holder = observed.spawn(f"/hold/{kind}")
    gevent.sleep(0.05)
    waiter = observed.spawn(f"/want/{kind}")
    found = observed.live("/want/<kind>")
    held_by = observed.live("/hold/<kind>")["requestId"]
    (wait,) = found["snapshots"][0]["openWaits"]
    assert wait["phase"] == "lock"
    assert wait["subject"].startswith("RLock lock at " if certainly else "LockType mutex at ")
    (owner,) = wait["heldBy"]
    assert owner.startswith(f"{'' if certainly else 'likely '}request {held_by} (GET /hold/<kind>)")
    gevent.joinall([holder, waiter])
    (event, *_) = observed.completed[-1]
    assert event.attributes["request.wait.held_by"] == owner


def test_a_wait_for_the_pool_names_the_holders_of_its_connections(shop):
    holder = record(request_id="7", route="/report")
    observed = shop(holders=lambda: [Holder("127.0.0.1:27017", 12.5, holder, 3)])
    request = observed.spawn("/pool")
    (wait,) = observed.live("/pool")["snapshots"][0]["openWaits"]
    assert wait["heldBy"] == [
        "connection 3 of 127.0.0.1:27017: request 7 (GET /report), for 12.500 s"
    ]
    request.join()


def test_a_snapshot_is_taken_while_the_hub_is_held(shop):
    observed = shop()

    @observed.app.get("/compute")
    def compute():
        native_sleep(0.7)
        return "done"

    observed.spawn("/compute").join()
    (kept,) = observed.kept()
    first = kept["snapshots"][0]
    assert (first["state"], first["stacks"][0]["frames"][-1].endswith("compute")) == (
        "running",
        True,
    )


def test_a_subject_that_raises_or_hangs_changes_no_response(shop):
    class Raises:
        def __str__(self):
            raise ValueError("no")

    class Hangs:
        def __str__(self):
            native_sleep(1.5)
            return "late"

    observed = shop(strict=False)

    @observed.app.get("/raises")
    def raises():
        with waiting("db", Raises()):
            gevent.sleep(0.5)
        return "whole"

    @observed.app.get("/hangs")
    def hangs():
        with waiting("db", Hangs()):
            gevent.sleep(0.5)
        return "whole"

    responses = [observed.spawn("/raises").get(), observed.spawn("/hangs").get()]
    assert [each.data for each in responses] == [b"whole", b"whole"]
    wait_until(lambda: len(observed.listed()["past"]) == 2)


def test_good_requests_have_no_notes(shop):
    observed = shop(debug_lines=False)
    seen = []
    observed.recorder.add_record_sink("notes", lambda each: seen.append(each.notes))
    observed.get("/good")
    assert seen == [None]
    assert observed.listed()["past"] == []


def test_snapshots_can_be_turned_off(shop):
    observed = shop(snapshots=False)
    observed.spawn("/pool").join()
    (kept,) = observed.kept()
    assert (kept["snapshots"], kept["reason"]) == ([], "slow")
