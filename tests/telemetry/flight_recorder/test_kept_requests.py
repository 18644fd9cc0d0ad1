"""Which requests are kept when they end, with which of their log lines, and in how much memory."""

import logging

import gevent
import pytest

from telemetry.flight_recorder.notes import MOST_LINES
from telemetry.requests.record import current_record
from tests.telemetry.flight_recorder.conftest import log


def messages(kept):
    return [(each["level"], each["message"]) for each in kept["logLines"]]


def test_a_failed_request_is_kept_with_its_lines_of_any_level(shop):
    observed = shop()
    assert observed.get("/fail/anna").status_code == 500
    (kept,) = observed.kept()
    assert (kept["reason"], kept["status"], kept["errorType"]) == ("failed", 500, "ValueError")
    assert messages(kept)[:2] == [
        ("DEBUG", "failing for anna, token=REDACTED"),
        ("INFO", "fails"),
    ]
    assert messages(kept)[2][1] == "Exception on /fail/anna [GET]"
    assert "ValueError" in kept["logLines"][2]["exception"]["stack"]


def test_debug_lines_are_not_written(shop):
    observed = shop()
    observed.get("/fail/anna")
    observed.get("/good")
    observed.logs.writer.stop()
    assert {each["level"] for each in observed.written()} == {"INFO", "ERROR"}


def test_a_good_request_leaves_nothing(shop):
    observed = shop()
    observed.get("/good")
    assert observed.kept() == []
    assert observed.flight._lines._characters == 0


@pytest.mark.parametrize(
    ("settings", "levels"),
    [
        ({"debug_lines": False}, ["INFO", "ERROR"]),
        ({"debug_loggers": ("elsewhere",)}, ["INFO", "ERROR"]),
        ({"debug_loggers": ("shop.orders",)}, ["DEBUG", "INFO", "ERROR"]),
        ({"log_level": "ERROR"}, ["DEBUG", "INFO", "ERROR"]),
        ({"log_level": "DEBUG"}, ["DEBUG", "INFO", "ERROR"]),
    ],
)
def test_which_lines_are_kept_is_a_setting(shop, settings, levels):
    observed = shop(**settings)
    observed.get("/fail/anna")
    (kept,) = observed.kept()
    assert [each["level"] for each in kept["logLines"]] == levels


def test_levels_are_as_before_after_the_end(shop, tmp_path):
    logger = logging.getLogger("shop")
    before = logger.level, logging.Logger._log
    observed = shop()
    assert logger.isEnabledFor(logging.DEBUG)
    observed.flight.stop()
    assert (logger.level, logging.Logger._log) == before
    observed.start()


def test_lines_of_spawned_greenlets_belong_to_the_request(shop):
    observed = shop()

    @observed.app.get("/spawns")
    def spawns():
        gevent.spawn(log.debug, "in a greenlet of %s", current_record().route).join()
        return "failed", 500

    observed.get("/spawns")
    (kept,) = observed.kept()
    assert messages(kept) == [("DEBUG", "in a greenlet of /spawns")]


def test_values_of_the_client_are_redacted_in_quiet_lines_too(shop):
    observed = shop()

    @observed.app.get("/private")
    def private():
        current_record().redact_values("grandmother")
        log.debug("about %s", "grandmother", extra={"fields": {"password": "x", "n": 1}})
        return "failed", 500

    observed.get("/private")
    (line,) = observed.kept()[0]["logLines"]
    assert (line["message"], line["fields"]) == ("about REDACTED", {"password": "REDACTED", "n": 1})


def test_what_is_wrong_with_a_call_is_in_its_line(shop):
    observed = shop()

    class Odd:
        def __str__(self):
            raise RuntimeError("no text")

    @observed.app.get("/odd")
    def odd():
        log.debug("two %s %s", 1)
        log.debug("%s", Odd())
        log.debug(Odd())
        log.debug("%(name)s", {"name": "mapped"})
        try:
            raise KeyError("lost")
        except KeyError:
            log.debug("caught", exc_info=True)
        return "failed", 500

    observed.get("/odd")
    lines = observed.kept()[0]["logLines"]
    assert [each["message"] for each in lines] == [
        "two %s %s (TypeError: not enough arguments for format string)",
        "%s (RuntimeError: no text)",
        "<Odd: RuntimeError from its text>",
        "mapped",
        "caught",
    ]
    assert lines[-1]["exception"].rstrip().endswith("KeyError: 'lost'")


def test_many_and_long_lines_are_bounded_and_counted(shop):
    observed = shop()

    @observed.app.get("/chatty")
    def chatty():
        for number in range(500):
            log.debug("line %d", number)
        log.debug("%s", "x" * 100_000)
        return "failed", 500

    observed.get("/chatty")
    (kept,) = observed.kept()
    assert len(kept["logLines"]) == MOST_LINES
    assert kept["logLines"][-1]["message"] == "line 499"
    assert kept["logLinesLeftOut"] == 500 - MOST_LINES + 1
    assert observed.flight._lines._characters == 0


def test_lines_of_all_requests_in_flight_share_a_bound(shop):
    observed = shop(flight_recorder_bytes=50_000)
    most = []

    @observed.app.get("/wide")
    def wide():
        for _ in range(20):
            log.debug("%s", "x" * 1_000)
        most.append(observed.flight._lines._characters)
        gevent.sleep(0.01)
        return "failed", 500

    gevent.joinall([observed.spawn("/wide") for _ in range(20)])
    assert max(most) <= 50_000
    assert observed.flight._lines._characters == 0


def test_the_ring_stays_within_its_bytes_and_counts_what_went(shop):
    observed = shop(flight_recorder_bytes=20_000)
    for number in range(100):
        observed.get(f"/fail/{number}")
        # The recorder's thread does it ten times a second, for a bounded number of requests.
        observed.flight.settle()
    ring = observed.flight.past()
    assert 0 < ring.kept_bytes <= 20_000
    kept = len(ring.summaries())
    assert (observed.counted("kept"), observed.counted("evicted")) == (100, 100 - kept)
    assert observed.kept()[0]["path"] == "/fail/99"


def test_nothing_is_kept_with_no_bytes(shop):
    observed = shop(flight_recorder_bytes=0)
    observed.get("/fail/anna")
    assert observed.kept() == []
    assert not logging.getLogger("shop").isEnabledFor(logging.DEBUG)


def test_a_cut_request_is_kept_and_one_that_a_drain_refused_is_not(shop):
    observed = shop()

    @observed.app.get("/stream")
    def stream():
        return iter([b"1", b"2"])

    response = observed.app.test_client().get("/stream")
    next(iter(response.response))
    response.close()
    assert [(each["reason"], each["outcome"]) for each in observed.kept()] == [
        ("cut", "client_disconnected")
    ]


def test_a_killed_request_is_kept(shop):
    observed = shop()
    request = observed.spawn("/slow")
    gevent.sleep(0.05)
    request.kill()
    (kept,) = observed.kept()
    assert (kept["reason"], kept["outcome"], kept["dominantPhase"]) == ("failed", "killed", "db")


def test_a_request_is_found_by_its_trace_too(shop):
    observed = shop()
    observed.get("/fail/anna")
    (kept,) = observed.kept()
    assert observed.one(kept["traceId"])["requestId"] == kept["requestId"]
    assert "detail" in observed.one("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d")
