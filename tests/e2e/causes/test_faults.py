"""Parts of the telemetry that raise, hang or are slow change no answer."""

import http.client
from contextlib import closing

import gevent
import pytest

from telemetry import names
from tests.e2e.causes.stand import stand
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

APP = "tests.e2e.causes.faulty:app"
PATHS = ("/orders", "/stock", "/prices", "/patient", "/lock", "/download", "/missing", "/fail")
TOGETHER = ("/compute", "/patient", "/late", "/orders", "/stock", "/blocking")
OWN = {"date", "x-request-id", "x-response-time", "server-timing"}


@pytest.fixture(scope="module")
def directories(tmp_path_factory):
    return tmp_path_factory.mktemp


def answer(made, path):
    """What a client gets, without what differs in each response; bodies of errors have an id."""
    connection = http.client.HTTPConnection("127.0.0.1", made.server.port, timeout=PATIENCE_SECONDS)
    with closing(connection):
        body = b"x" * 1000 if path == "/upload" else None
        connection.request("POST" if body else "GET", path, body)
        response = connection.getresponse()
        headers = {
            name.lower(): value if name.lower() not in OWN else "any"
            for name, value in response.getheaders()
        }
        text = response.read()
        return response.status, headers, text if response.status < 400 else len(text)


def answers(made):
    """What clients get, one after the other and at once."""
    found = {path: answer(made, path) for path in (*PATHS, "/upload")}
    together = [gevent.spawn(answer, made, path) for path in TOGETHER * 2]
    gevent.joinall(together, timeout=PATIENCE_SECONDS, raise_error=True)
    return found, dict(zip(TOGETHER, [one.value for one in together], strict=False))


def errors(made):
    """How often each part of the telemetry has failed."""
    return {
        one.labels["where"]: one.value
        for one in made.samples()
        if one.name == names.TELEMETRY_ERRORS.name and one.value
    }


SETTINGS = {
    "TELEMETRY_STRICT": "false",
    "HEALTH_INTERVAL_SECONDS": "0.2",
    # So that each command is explained.
    "TELEMETRY_SLOW_COMMAND_SECONDS": "0.000001",
}


@pytest.fixture(scope="module")
def usual(directories):
    with stand(directories("usual"), APP, **SETTINGS) as made:
        found = answers(made)
        assert errors(made) == {}
    return found


FAILING = {
    *("sink.planted", "hub.watch", "mongo.watch", "mongo.explain", "flight.snapshot"),
    *("phases", "phases.long_run", "phases.long_wait", "management.answer"),
}


def debug_statuses(made):
    """The statuses of debug pages; 0 for one that does not answer in time."""
    return {page: made.status(f"/debug/{page}", seconds=2.0) for page in ("pool", "requests")}


PAGES = {"raises": 500, "is_slow": 200, "hangs": 0}


@pytest.mark.parametrize("fault", ["raises", "is_slow", "hangs"])
def test_parts_that_fail_change_no_answer(directories, usual, fault):
    with stand(directories(fault), APP, FAULT=fault, **SETTINGS) as made:
        assert debug_statuses(made) == {"pool": PAGES[fault], "requests": 200}
        assert answers(made) == usual
        if fault == "raises":
            wait_until(lambda: errors(made).keys() >= FAILING, what=f"errors of {FAILING}")
        else:
            assert errors(made) == {}
