"""Exceptions that nothing handles, in real processes: named, counted, and the end where they are
fatal.
"""

from signal import SIGTERM

import pytest

from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import alone, gunicorn, until

pytestmark = pytest.mark.e2e

SERVERS = {"gunicorn": gunicorn, "alone": alone}


def lost(how, where):
    """A request starts something that fails, and nobody waits for what it returns."""
    with SERVERS[how]() as server:
        server.ready()
        answer = server.get(f"/uncaught/{where}")
        server.signal(SIGTERM)
        return where, answer.json, server.exit_code(), server.said("uncaught")


@scenarios(*[(lost, how, where) for how in SERVERS for where in ("greenlet", "thread")])
def test_what_nothing_handled_is_logged_and_counted_once(outcome):
    where, counted, code, (line,) = outcome

    assert counted == [[where, "false", 1.0]]
    assert (line["level"], line["message"], line["where"], line["fatal"]) == (
        "ERROR",
        f"uncaught ZeroDivisionError ({where})",
        where,
        False,
    )
    assert line["exception"]["type"] == "ZeroDivisionError"
    # A thread starts with an empty context, as in CPython; a greenlet belongs to its request.
    assert ("trace_id" in line) is (where == "greenlet")
    assert code == 0


def out_of_memory(how):
    with SERVERS[how]() as server:
        pid = server.ready()["pid"]
        answer = server.get("/fatal")
        if how == "gunicorn":
            until(lambda: pid not in server.workers, "the end of the worker")
            exited = f"Worker (pid:{pid}) exited with code 1." in server.text
            successor = server.ready()
            server.signal(SIGTERM)
            end = (exited, successor["slot"], successor["pid"] != pid, server.exit_code())
        else:
            end = server.exit_code()
        return (
            how,
            answer.body,
            server.said("draining")[0]["message"],
            server.said("stopped")[0]["exit_code"],
            end,
        )


@scenarios(*[(out_of_memory, how) for how in SERVERS])
def test_what_is_fatal_drains_and_exits_with_1(outcome):
    how, body, draining, code, end = outcome

    assert (body, draining, code) == (b"draining", "draining: uncaught MemoryError", 1)
    assert end == ((True, 0, True, 0) if how == "gunicorn" else 1)
