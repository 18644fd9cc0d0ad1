"""Who held the hub, and who waited for it, is an event of their requests."""

import time

import pytest

from telemetry import names
from telemetry.hub.attribution import Gap
from telemetry.hub.clocks import Usage
from telemetry.hub.events import MANY, HubEvents, LongRun
from telemetry.hub.samples import SeenHub, main_frames
from telemetry.span_names import HUB_HELD_EVENT, HUB_STACK_ATTRIBUTE
from tests.telemetry.hub.stacks import sample, stack_of_labels
from tests.telemetry.records import record

MS = 1_000_000


class Clocks:
    """The clocks of the hub's thread, as a test sets them."""

    def __init__(self):
        self.usage = Usage(0.0, 0.0, 0.0)

    def read(self):
        return self.usage


class Hub:
    """Events with what a test lets the sampling thread see."""

    def __init__(self):
        self.seen = SeenHub()
        self.clocks = Clocks()
        self.events = HubEvents(self.seen, self.clocks, 0.05)
        self.seen.usages.append((0, Usage(0.0, 0.0, 0.0)))

    def see(self, *samples):
        self.seen.samples.extend(samples)

    def ran(self, request, began_ms, ended_ms, cpu=None, **usage):
        seconds = (ended_ms - began_ms) / 1e3
        cpu = seconds if cpu is None else cpu
        used = {"thread_cpu": cpu, "thread_ready": 0.0, "process_cpu": cpu, **usage}
        self.clocks.usage = Usage(**used)
        self.events.on_long_run(request, began_ms * MS, ended_ms * MS)

    def waited(self, request, ready_ms, ran_ms):
        self.events.on_long_wait(request, ready_ms * MS, ran_ms * MS)
        return request.events[-1].attributes


@pytest.fixture
def hub():
    return Hub()


@pytest.fixture
def culprit():
    return record(request_id="culprit", route="/reports/<year>")


def test_request_that_held_the_hub_has_its_code_and_its_own_stack(hub, culprit):
    hub.see(
        *(
            sample(
                "gunicorn:run",
                "shop.views:show",
                "shop.cart:total",
                "lib:dumps",
                at_ms=at,
                record=culprit,
            )
            for at in (25, 50, 75)
        )
    )
    before = time.time_ns()
    hub.ran(culprit, 0, 100)
    [event] = culprit.events
    stack = event.attributes[HUB_STACK_ATTRIBUTE]
    assert event.name == HUB_HELD_EVENT == "hub.held"
    assert before <= event.unix_ns <= time.time_ns()
    assert {**event.attributes, HUB_STACK_ATTRIBUTE: len(stack)} == {
        "hub.seconds": 0.1,
        "hub.kind": "cpu",
        "hub.code": "shop.cart:total",
        "hub.seconds.cpu": 0.1,
        "hub.stack": 2,
    }


def test_call_that_computed_nothing_is_blocked(hub, culprit):
    hub.see(sample("shop.views:show", at_ms=50, weight_ms=50, record=culprit))
    hub.ran(culprit, 0, 100, cpu=0.001)
    assert culprit.events[0].attributes["hub.kind"] == "blocked"


def test_too_few_samples_name_no_code(hub, culprit):
    hub.see(sample("shop.views:show", at_ms=50, weight_ms=20, record=culprit))
    hub.ran(culprit, 0, 100)
    [event] = culprit.events
    assert event.attributes["hub.code"] == names.UNKNOWN_CODE
    assert "hub.stack" not in event.attributes


def test_samples_of_another_request_or_time_are_not_the_run_s(hub, culprit):
    other = record(request_id="other")
    hub.see(
        sample("shop.other:a", at_ms=10, record=culprit),
        sample("shop.other:b", at_ms=60, record=other),
        sample("shop.views:show", at_ms=100, weight_ms=60, record=culprit),
        sample("shop.other:c", at_ms=160, record=culprit),
    )
    hub.ran(culprit, 50, 150)
    assert culprit.events[0].attributes["hub.code"] == "shop.views:show"


def test_victim_of_another_thread_did_not_hold_the_hub(hub, culprit):
    hub.seen.gaps.append(Gap(0.0, 0.1, "gil"))
    hub.see(sample("shop.views:show", at_ms=99, weight_ms=99, record=culprit))
    hub.seen.thread_codes.append((0, 99 * MS, "shop.jobs:run"))
    hub.ran(culprit, 0, 100, cpu=0.0)
    [event] = culprit.events
    assert (event.name, dict(event.attributes)) == (
        "hub.waited",
        {
            "hub.seconds": 0.1,
            "hub.kind": "gil",
            "hub.code": "shop.jobs:run",
            "hub.culprit.route": "(none)",
        },
    )


def test_victim_of_the_machine_did_not_hold_the_hub(hub, culprit):
    hub.see(sample("shop.views:show", at_ms=99, weight_ms=25, record=culprit))
    hub.ran(culprit, 0, 1000, cpu=0.001, thread_ready=0.97)
    [event] = culprit.events
    assert event.name == "hub.waited"
    assert event.attributes["hub.kind"] == "frozen"
    assert event.attributes["hub.code"] == names.UNKNOWN_CODE


def test_request_that_held_the_hub_while_the_machine_had_it_is_both(hub, culprit):
    hub.see(sample("shop.views:show", at_ms=999, weight_ms=999, record=culprit))
    hub.ran(culprit, 0, 1000, cpu=0.1, thread_ready=0.9)
    held, waited = culprit.events
    assert (held.name, held.attributes["hub.kind"]) == ("hub.held", "cpu")
    assert waited.name == "hub.waited"
    assert waited.attributes["hub.kind"] == "frozen"
    assert waited.attributes["hub.seconds"] == 0.9


def test_wait_in_which_another_thread_had_the_interpreter_names_it(hub):
    hub.seen.gaps.append(Gap(0.0, 0.6, "gil"))
    hub.seen.thread_codes.append((0, 600 * MS, "shop.jobs:run"))
    hub.clocks.usage = Usage(0.0, 0.0, 0.6)
    assert hub.waited(record(), 0, 600) == {
        "hub.seconds": 0.6,
        "hub.kind": "gil",
        "hub.code": "shop.jobs:run",
        "hub.culprit.route": "(none)",
    }


@pytest.mark.parametrize("usage", [Usage(0.0, 0.0, 0.0), Usage(0.0, 0.6, 0.0)])
def test_wait_in_which_nothing_ran_is_the_machine_s(hub, usage):
    hub.clocks.usage = usage
    attributes = hub.waited(record(), 0, 600)
    assert (attributes["hub.kind"], attributes["hub.code"]) == ("frozen", names.UNKNOWN_CODE)


def test_victim_names_the_run_that_took_most_of_its_wait(hub, culprit):
    victim = record(request_id="victim")
    hub.see(sample("shop.reports:make", at_ms=290, weight_ms=190, record=culprit))
    hub.ran(record(request_id="before"), 0, 100)
    hub.ran(culprit, 100, 300)
    assert hub.waited(victim, 80, 301) == {
        "hub.seconds": 0.221,
        "hub.kind": "cpu",
        "hub.code": "shop.reports:make",
        "hub.culprit.route": "/reports/<year>",
        "hub.culprit.request_id": "culprit",
    }


def test_own_run_is_not_what_a_request_waited_for(hub, culprit):
    hub.ran(culprit, 0, 100)
    assert hub.waited(culprit, 0, 100)["hub.code"] == names.UNKNOWN_CODE


def test_request_that_the_kernel_kept_names_who_held_the_hub(hub, culprit):
    victim = record(request_id="victim", started_ns=120 * MS)
    victim.phase_seconds = {"queue": 0.18, "cpu": 0.002}
    hub.see(sample("shop.reports:make", at_ms=290, weight_ms=190, record=culprit))
    hub.ran(culprit, 100, 300)
    hub.events.complete(victim)
    [event] = victim.events
    assert event.name == "hub.waited"
    assert event.attributes["hub.seconds"] == 0.18
    assert event.attributes["hub.culprit.request_id"] == "culprit"


def test_request_that_was_not_kept_long_has_no_event(hub):
    victim = record(phase_seconds={"queue": 0.03})
    hub.events.complete(victim)
    assert victim.events == ()


def test_many_short_runs_of_one_route_name_it(hub):
    victim = record(request_id="victim")
    for number in range(8):
        other = record(request_id=f"r{number}", route="/feed" if number % 4 else "/other")
        hub.see(sample("shop.feed:rank", at_ms=25 * (number + 1), record=other))
    attributes = hub.waited(victim, 0, 200)
    assert (attributes["hub.culprit.route"], attributes["hub.code"]) == ("/feed", "shop.feed:rank")
    assert "hub.culprit.request_id" not in attributes


def test_many_short_runs_of_many_routes_are_many(hub):
    victim = record(request_id="victim")
    for number in range(8):
        other = record(request_id=f"r{number}", route=f"/route{number % 4}")
        hub.see(sample("shop.feed:rank", at_ms=25 * (number + 1), record=other))
    attributes = hub.waited(victim, 0, 200)
    assert attributes["hub.code"] == MANY
    assert "hub.culprit.route" not in attributes


def test_few_samples_of_short_runs_name_nobody(hub):
    victim = record(request_id="victim")
    hub.see(sample("shop.feed:rank", at_ms=25, weight_ms=60, record=record()))
    assert hub.waited(victim, 0, 60)["hub.code"] == names.UNKNOWN_CODE


def test_run_outside_of_requests_is_named_to_its_victims(hub):
    hub.see(sample("shop.jobs:tidy", at_ms=90, weight_ms=90))
    hub.ran(None, 0, 100)
    attributes = hub.waited(record(), 10, 101)
    assert (attributes["hub.code"], attributes["hub.culprit.route"]) == ("shop.jobs:tidy", "(none)")


def test_runs_are_bounded(hub):
    for number in range(1000):
        hub.events.runs.append(LongRun(number, number + 1, "cpu", "a:b"))
    assert len(hub.events.runs) == hub.events.runs.maxlen < 1000


@pytest.mark.parametrize(
    ("stacks", "found"),
    [
        ([("a:a", "b:b", "c:c"), ("a:a", "b:b", "c:c")], "c:c"),
        ([("a:a", "b:b", "c:c"), ("a:a", "b:b", "d:d")], "b:b"),
        ([("a:a", "b:b", "c:c")] * 4 + [("a:a", "b:b", "d:d")], "c:c"),
        ([("a:a",), ("a:a", "b:b"), ("a:a", "c:c")], "a:a"),
        ([("a:a",), ("b:b",)], None),
        ([], None),
    ],
)
def test_code_that_most_of_the_time_was_spent_in(stacks, found):
    frames = main_frames([(stack_of_labels(*labels), 1.0) for labels in stacks])
    assert (frames[-1].name.label if frames else None) == found
