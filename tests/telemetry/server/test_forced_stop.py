"""A second signal forces the stop of a real process."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGINT, SIGQUIT, SIGTERM

import pytest

from tests.support.scenarios import scenarios
from tests.telemetry.server.targets import exit_code_of, send_signal, started

pytestmark = pytest.mark.e2e

LATER_SECONDS = 0.6
"""Longer than signals are taken for one request."""


def signalled_twice(target, again):
    """A request of ten minutes; a second signal comes after the first."""
    with ThreadPoolExecutor(1) as clients, started(target) as server:
        server.wait_until_ready()
        cut = clients.submit(server.get, "/slow?seconds=600")
        server.wait_until_serving(1, "/slow")
        pid = send_signal(target, server, SIGTERM)
        server.wait_for_log("draining")
        time.sleep(LATER_SECONDS)
        os.kill(pid, again)
        response = cut.result()
        server.wait_for_log("stopped")
        code = exit_code_of(target, server, pid)
        return (
            code,
            response.status,
            [line["path"] for line in server.logged("request cut")],
            server.logged("stopped")[0]["exit_code"],
        )


@scenarios(
    *[
        (signalled_twice, target, again)
        for target, again in (
            ("arbiter", SIGTERM),
            ("arbiter", SIGINT),
            ("standalone", SIGINT),
            ("standalone", SIGQUIT),
        )
    ],
    (signalled_twice, "worker", SIGTERM),
)
def test_second_signal_cuts_the_requests_in_flight(outcome, request):
    # A worker that was signalled by itself has a successor by now; the arbiter's code is about the
    # end of the whole.
    code = 0 if "worker" in request.node.name else 1

    assert outcome == (code, 500, ["/slow"], 1)


def signalled_twice_while_idle(target):
    """A second signal when nothing is in flight."""
    with started(target, DRAIN_DELAY_SECONDS=90) as server:
        server.wait_until_ready()
        server.signal(SIGTERM)
        server.wait_for_log("draining")
        time.sleep(LATER_SECONDS)
        server.signal(SIGTERM)
        return (
            server.exit_code(),
            server.logged("request cut"),
            server.logged("stopped")[0]["drain_seconds"] < 45,
        )


@scenarios((signalled_twice_while_idle, "arbiter"), (signalled_twice_while_idle, "standalone"))
def test_second_signal_that_cuts_nothing_is_no_failure(outcome):
    assert outcome == (0, [], True)
