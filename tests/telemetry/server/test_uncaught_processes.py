"""Uncaught exceptions in real processes: logged, counted, and the end where they are fatal."""

from signal import SIGTERM

import pytest

from tests.support.processes import SERVERS
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def lost(how, where):
    """A request starts something that fails, and whose result no code awaits."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        answer = server.get(f"/uncaught/{where}")
        server.signal(SIGTERM)
        return where, answer.json, server.exit_code(), server.logged("uncaught")


@scenarios(*[(lost, how, where) for how in SERVERS for where in ("greenlet", "thread")])
def test_uncaught_exception_is_logged_and_counted_once(outcome):
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
        pid = server.wait_until_ready()["pid"]
        answer = server.get("/fatal")
        if how == "gunicorn":
            server.wait_for_worker_exit(pid)
            exited = f"Worker (pid:{pid}) exited with code 1." in server.text
            successor = server.wait_until_ready()
            server.signal(SIGTERM)
            end = (exited, successor["slot"], successor["pid"] != pid, server.exit_code())
        else:
            end = server.exit_code()
        return (
            how,
            answer.body,
            server.logged("draining")[0]["message"],
            server.logged("stopped")[0]["exit_code"],
            end,
        )


@scenarios(*[(out_of_memory, how) for how in SERVERS])
def test_fatal_exception_drains_and_exits_with_1(outcome):
    how, body, draining, code, end = outcome

    assert (body, draining, code) == (b"draining", "draining: uncaught MemoryError", 1)
    assert end == ((True, 0, True, 0) if how == "gunicorn" else 1)
