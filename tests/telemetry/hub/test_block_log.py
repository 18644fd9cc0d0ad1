"""A block is explained by clocks alone, and logged in one line."""

import pytest

from telemetry.hub.attribution import Gap, cause_of_gap, is_own, main_cause, seconds_by_cause
from telemetry.hub.block_log import LOG_EVERY_SECONDS, MOST_CULPRITS, BlockLog, HubBlock
from telemetry.hub.clocks import Usage
from telemetry.hub.culprits import Holder
from telemetry.redaction import Redactor
from tests.telemetry.hub.stacks import stack_of_labels
from tests.telemetry.records import record


@pytest.mark.parametrize(
    ("used", "gaps", "seconds", "cause"),
    [
        (Usage(0.9, 0.0, 0.9), [], {"cpu": 0.9, "blocked": 0.1, "gil": 0.0, "frozen": 0.0}, "cpu"),
        (
            Usage(1.2, 0.0, 1.2),
            [Gap(100, 101)],
            {"cpu": 1.0, "blocked": 0.0, "gil": 0.0, "frozen": 0.0},
            "cpu",
        ),
        (
            Usage(0.3, 0.7, 0.3),
            [],
            {"cpu": 0.3, "blocked": 0.0, "gil": 0.0, "frozen": 0.7},
            "frozen",
        ),
        (
            Usage(0.0, 0.0, 1.9),
            [],
            {"cpu": 0.0, "blocked": 1.0, "gil": 0.0, "frozen": 0.0},
            "blocked",
        ),
        (
            Usage(0.0, 0.0, 0.9),
            [Gap(99, 100.9)],
            {"cpu": 0.0, "blocked": 0.1, "gil": 0.9, "frozen": 0.0},
            "gil",
        ),
        (
            Usage(0.0, 0.0, 0.0),
            [Gap(100.1, 100.4), Gap(100.5, 102)],
            {"cpu": 0.0, "blocked": 0.2, "gil": 0.0, "frozen": 0.8},
            "frozen",
        ),
        (
            Usage(0.4, 0.0, 0.4),
            [Gap(100, 100.4)],
            {"cpu": 0.4, "blocked": 0.6, "gil": 0.0, "frozen": 0.0},
            "blocked",
        ),
    ],
)
def test_block_is_explained_by_the_clocks(used, gaps, seconds, cause):
    found = seconds_by_cause(100.0, 101.0, used, gaps)
    assert (found, main_cause(found)) == (pytest.approx(seconds), cause)


@pytest.mark.parametrize(
    ("seconds", "own_runs", "hub_runs", "cause"),
    [
        (0.6, 2, 2, "frozen"),  # neither woke up: the process was stopped
        (0.6, 118, 115, "gil"),  # both did
        (0.6, 118, 4, "blocked"),  # the hub's thread did not wait for the interpreter: it had it
        (0.6, None, 4, None),
    ],
)
def test_wake_ups_explain_why_the_interpreter_was_not_to_be_had(seconds, own_runs, hub_runs, cause):
    assert cause_of_gap(seconds, own_runs, hub_runs) == cause


@pytest.mark.parametrize("cause", ["blocked", "gil", "frozen"])
def test_gap_with_a_known_cause_is_that(cause):
    found = seconds_by_cause(100.0, 101.0, Usage(0.1, 0.0, 0.1), [Gap(100.0, 100.9, cause)])
    assert main_cause(found) == cause
    assert sum(found.values()) == pytest.approx(1.0)


def test_interpreter_that_others_have_in_turns_is_gil():
    found = seconds_by_cause(100.0, 101.0, Usage(0.1, 0.0, 0.9, runs=150), [])
    assert found == pytest.approx({"cpu": 0.1, "blocked": 0.0, "gil": 0.9, "frozen": 0.0})


@pytest.mark.parametrize(
    ("seconds", "own"),
    [
        ({"cpu": 0.2, "blocked": 0.0, "gil": 0.0, "frozen": 1.3}, True),
        ({"cpu": 0.03, "blocked": 0.01, "gil": 0.0, "frozen": 0.02}, True),
        ({"cpu": 0.01, "blocked": 0.0, "gil": 0.0, "frozen": 0.9}, False),
        ({"cpu": 0.1, "blocked": 0.0, "gil": 0.4, "frozen": 0.0}, False),
    ],
)
def test_code_is_responsible_for_a_block_that_it_makes_alone(seconds, own):
    assert is_own(seconds, 0.05) == own


def block(cause, seconds, holder=None):
    causes = {"frozen": 0.0, "cpu": 0.0, "gil": 0.0, "blocked": 0.0, cause: seconds}
    return HubBlock(1_700_000_000.0, causes, (), holder)


def holder(code, *, request=None, share=1.0):
    return Holder(request, code, stack_of_labels(code), share)


def test_lines_of_a_culprit_are_limited_and_the_next_one_counts_those_left_out(caplog):
    now = [0.0]
    log = BlockLog(clock=lambda: now[0])
    for moment, seconds in [
        (0.0, 0.2),
        (1.0, 0.3),
        (2.0, 0.4),
        (LOG_EVERY_SECONDS, 0.5),
        (2 * LOG_EVERY_SECONDS, 0.6),
    ]:
        now[0] = moment
        log.write(block("frozen", seconds))
    assert [line.getMessage() for line in caplog.records] == [
        "hub held for 0.200 s (frozen) by the machine",
        "hub held for 0.500 s (frozen) by the machine; 2 more since the last line (0.700 s)",
        "hub held for 0.600 s (frozen) by the machine",
    ]


def test_each_culprit_has_a_line_in_an_interval(caplog):
    log = BlockLog(clock=lambda: 0.0)
    for _ in range(3):
        for code in ("shop.cart:total", "shop.stock:count"):
            log.write(block("cpu", 0.2, holder(code)))
    log.write(block("blocked", 0.2, holder("shop.cart:total")))
    assert [(line.fields["kind"], line.fields["hub_code"]) for line in caplog.records] == [
        ("cpu", "shop.cart:total"),
        ("cpu", "shop.stock:count"),
        ("blocked", "shop.cart:total"),
    ]


def test_culprits_without_number_share_a_line(caplog):
    log = BlockLog(clock=lambda: 0.0)
    for number in range(3 * MOST_CULPRITS):
        log.write(block("cpu", 0.2, holder(f"made.up:f{number}")))
    assert len(caplog.records) == MOST_CULPRITS + 1


@pytest.mark.parametrize(("share", "part"), [(1.0, ""), (0.75, ""), (0.5, ", 50% of it,")])
def test_share_is_logged_when_other_code_held_the_hub_too(share, part):
    held = record()
    of_request = block("cpu", 1.0, holder("shop.cart:total", request=held, share=share))
    outside = block("cpu", 1.0, holder("shop.cart:total", share=share))
    assert [of_request.holder_text(), outside.holder_text()] == [
        f"GET {held.route}, request {held.request_id}{part} in shop.cart:total",
        f"code outside of requests{part} in shop.cart:total",
    ]


def test_other_thread_and_unseen_code_have_their_words():
    assert block("gil", 1.0, holder("shop.reports:run")).holder_text() == (
        "another thread in shop.reports:run"
    )
    assert block("cpu", 1.0).holder_text() == "code that was not seen"


def test_fields_of_the_line_are_not_redacted(caplog):
    BlockLog().write(block("cpu", 1.0, holder("shop.reports:run")))
    [line] = caplog.records
    shown = Redactor(()).value(line.fields)
    assert (shown["hub_code"], shown["kind"]) == ("shop.reports:run", "cpu")
