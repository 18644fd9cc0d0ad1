"""A block is explained by clocks alone, and logged in one line."""

import pytest

from telemetry.hub.attribution import Gap, main_cause, seconds_by_cause
from telemetry.hub.block_log import LOG_EVERY_SECONDS, BlockLog, Holder, HubBlock
from telemetry.hub.clocks import Usage
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


def test_lines_are_limited_and_the_next_one_counts_those_left_out(caplog):
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
        log.write(HubBlock({"frozen": seconds, "cpu": 0.0, "gil": 0.0, "blocked": 0.0}, None, 0))
    assert [line.getMessage() for line in caplog.records] == [
        "hub held for 0.200 s (frozen) by code that was not sampled",
        "hub held for 0.500 s (frozen) by code that was not sampled; "
        "2 more since the last line (0.700 s)",
        "hub held for 0.600 s (frozen) by code that was not sampled",
    ]


@pytest.mark.parametrize(("samples", "share"), [(4, ""), (3, ""), (2, " in 2 of 4 samples")])
def test_share_of_the_samples_is_logged_when_other_code_held_the_hub_too(samples, share):
    held = record()
    of_request = HubBlock({"cpu": 1.0}, Holder(held, ("a:1 f",), samples), 4)
    outside = HubBlock({"cpu": 1.0}, Holder(None, (), samples), 4)
    assert [of_request.holder_text(), outside.holder_text()] == [
        f"GET {held.route}, request {held.request_id}{share}",
        f"code outside of requests{share}",
    ]
