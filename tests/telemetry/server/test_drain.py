"""Real processes are told to stop while they serve: what is in flight completes, what is overdue is
named, nobody is lost.
"""

import contextlib
import os
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from signal import SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR2

import pytest

from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import alone, ask, fleet, gunicorn, until

pytestmark = pytest.mark.e2e

SLOW, HAMMERS = 8, 3


def started(how, **environ):
    return alone(**environ) if how == "alone" else gunicorn(**environ)


def told(how, server, number):
    """Signal the process that a case is about; returns its pid."""
    pid = server.workers[0] if how == "worker" else server.process.pid
    os.kill(pid, number)
    return pid


def ended(how, server, pid):
    """Wait for the end of what was told to stop; then end the rest. Returns the exit code of the
    whole.
    """
    if how == "worker":
        until(lambda: pid not in server.workers, "the end of the worker")
        server.ready()
        server.signal(SIGTERM)
    return server.exit_code()


def hammer(server, answers, over):
    """A client that sends its next request as soon as it has an answer, on a kept connection while
    that is allowed.
    """
    connection = server.connection()
    with contextlib.closing(connection):
        while not over.is_set() and (not answers or answers[-1].status in (200, 503)):
            answers.append(ask(connection, "/who"))
            time.sleep(0.02)
            if answers[-1].status != 200 or answers[-1].headers.get("Connection") == "close":
                connection.close()


def under_load(how, number):
    """Slow requests, a stream, clients that hammer, kept connections that idle and one that never
    asked, when the signal comes.
    """
    with (
        ThreadPoolExecutor(SLOW + HAMMERS + 1) as clients,
        started(how, DRAIN_TIMEOUT_SECONDS=90) as server,
    ):
        who = server.ready()
        idle = [server.connection() for _ in range(3)]
        assert [ask(connection, "/who").status for connection in idle] == [200] * 3
        silent = socket.create_connection(("127.0.0.1", server.port))
        slow = [clients.submit(server.get, "/slow?after=draining&seconds=1") for _ in range(SLOW)]
        stream = clients.submit(server.get, "/stream?after=draining&seconds=1")
        over, hammered = threading.Event(), [[] for _ in range(HAMMERS)]
        hammers = [clients.submit(hammer, server, answers, over) for answers in hammered]
        server.serves(SLOW, "/slow", ports=[who["port"]])
        server.serves(1, "/stream", ports=[who["port"]])
        until(lambda: all(hammered), "an answer to each that hammers")
        told_at = time.monotonic()
        pid = told(how, server, number)
        answers = [future.result() for future in (*slow, stream)]
        over.set()
        for future in hammers:
            future.result()
        code = ended(how, server, pid)
        for connection in (*idle, silent):
            connection.close()
        return {
            "slow": Counter((answer.status, answer.body) for answer in answers),
            "told before they ended": all(answer.at > told_at for answer in answers),
            "hammered before": {
                answer.status for answers in hammered for answer in answers if answer.at < told_at
            },
            "hammered after": {
                (answer.status, answer.headers.get("Retry-After"))
                for answers in hammered
                for answer in answers
                if answer.at > told_at
            },
            "code": code,
            "stopped": [line["exit_code"] for line in server.said("stopped")],
            "seconds": server.said("stopped")[0]["drain_seconds"],
            "reason": server.said("draining")[0]["message"],
        }


@scenarios(
    *[
        (under_load, how, number)
        for how in ("worker", "arbiter", "alone")
        for number in (SIGTERM, SIGINT, SIGUSR2)
    ]
)
def test_everything_in_flight_completes(outcome):
    after = outcome.pop("hammered after")
    seconds = outcome.pop("seconds")
    reason = outcome.pop("reason")

    assert outcome == {
        "slow": {(200, b"done"): SLOW, (200, b"." * 10): 1},
        "told before they ended": True,
        "hammered before": {200},
        "code": 0,
        "stopped": [0] * len(outcome["stopped"]),
    }
    assert after <= {(200, None), (503, "1"), ("refused", None), ("reset", None)}
    assert reason in ("draining: SIGTERM", "draining: SIGINT", "draining: SIGUSR2")
    assert seconds < 45, "idle connections must not hold the drain until its time-out"


def over_time(how):
    """Two requests of ten minutes, a drain that waits half a second."""
    with ThreadPoolExecutor(2) as clients, started(how, DRAIN_TIMEOUT_SECONDS=0.5) as server:
        server.ready()
        cut = [
            clients.submit(server.get, path)
            for path in ("/slow?seconds=600", "/stream?seconds=600")
        ]
        server.serves(1, "/slow", "/stream")
        server.signal(SIGTERM)
        answers = [future.result() for future in cut]
        code = server.exit_code()
        named = sorted(server.said("request cut by the drain"), key=lambda line: line["path"])
        return code, answers, named, server.said("stopped")


@scenarios((over_time, "arbiter"), (over_time, "alone"))
def test_what_takes_too_long_is_cut_and_named_with_its_stack(outcome):
    code, answers, named, stopped = outcome

    assert code == 1
    assert [answer.status for answer in answers] == [500, "cut"]
    assert answers[1].body == b".", "nothing may follow what the stream had sent"
    assert [
        (line["level"], line["method"], line["path"], 0.5 < line["age_seconds"] < 300)
        for line in named
    ] == [
        ("ERROR", "GET", "/slow", True),
        ("ERROR", "GET", "/stream", True),
    ]
    assert all(
        line["message"]
        == f"request cut by the drain: GET {line['path']} after {line['age_seconds']:.3f} s"
        for line in named
    )
    assert [
        "gevent.sleep(float(request.args" in named[0]["stack"],
        "gevent.sleep(pause)" in named[1]["stack"],
    ] == [True, True]
    assert all(line["request_id"].replace("-", "") == line["trace_id"] for line in named)
    assert [line["exit_code"] for line in stopped] == [1]


def impatient(how, again):
    """A request of ten minutes; a second signal comes after the first."""
    with ThreadPoolExecutor(1) as clients, started(how) as server:
        server.ready()
        cut = clients.submit(server.get, "/slow?seconds=600")
        server.serves(1, "/slow")
        pid = told(how, server, SIGTERM)
        until(lambda: server.said("draining"), "the drain")
        time.sleep(0.6)
        os.kill(pid, again)
        answer = cut.result()
        until(lambda: server.said("stopped"), "the end of the drain")
        code = ended(how, server, pid)
        return (
            code,
            answer.status,
            [line["path"] for line in server.said("request cut")],
            server.said("stopped")[0]["exit_code"],
        )


@scenarios(
    *[
        (impatient, how, again)
        for how, again in (
            ("arbiter", SIGTERM),
            ("arbiter", SIGINT),
            ("alone", SIGINT),
            ("alone", SIGQUIT),
        )
    ],
    (impatient, "worker", SIGTERM),
)
def test_a_second_signal_cuts_what_is_in_flight(outcome, request):
    # A worker that was told by itself has a successor by now; the arbiter's code is about the end
    # of the whole.
    code = 0 if "worker" in request.node.name else 1

    assert outcome == (code, 500, ["/slow"], 1)


def in_vain(how):
    """A second signal when nothing is in flight."""
    with started(how, DRAIN_DELAY_SECONDS=90) as server:
        server.ready()
        server.signal(SIGTERM)
        until(lambda: server.said("draining"), "the drain")
        time.sleep(0.6)
        server.signal(SIGTERM)
        return (
            server.exit_code(),
            server.said("request cut"),
            server.said("stopped")[0]["drain_seconds"] < 45,
        )


@scenarios((in_vain, "arbiter"), (in_vain, "alone"))
def test_a_second_signal_that_cuts_nothing_is_no_failure(outcome):
    assert outcome == (0, [], True)


def ctrl_c():
    """The terminal signals every process of the group at once, and the arbiter its workers again."""
    with ThreadPoolExecutor(4) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.ready()
        slow = [clients.submit(server.get, "/slow?after=draining&seconds=1") for _ in range(4)]
        server.serves(4, "/slow", ports=[port for _, port in fleet(server, 2).values()])
        os.killpg(server.process.pid, SIGINT)
        return [future.result().status for future in slow], server.exit_code()


@scenarios((ctrl_c,))
def test_one_signal_to_the_whole_group_is_one_wish(outcome):
    assert outcome == ([200] * 4, 0)


def orphaned():
    """The arbiter is killed under a worker that serves."""
    with ThreadPoolExecutor(1) as clients, gunicorn() as server:
        pid = server.ready()["pid"]
        slow = clients.submit(server.get, "/slow?after=draining&seconds=1")
        server.serves(1, "/slow")
        server.signal(SIGKILL)
        answer = slow.result()
        until(lambda: server.said("stopped"), "the end of the drain")
        until(lambda: not alive(pid), "the end of the worker")
        return (
            answer.status,
            server.said("draining")[0]["message"],
            server.said("stopped")[0]["exit_code"],
        )


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@scenarios((orphaned,))
def test_a_worker_without_arbiter_drains(outcome):
    assert outcome == (200, "draining: the arbiter is gone", 0)


def early():
    """SIGTERM to each new worker as soon as it can be seen, long before it has loaded the app."""
    with gunicorn() as server:
        first = server.ready()["pid"]
        pids = [first]
        for _ in range(3):
            os.kill(pids[-1], SIGTERM)
            pids.append(
                until(
                    lambda: next((pid for pid in server.workers if pid not in pids), None),
                    "a successor",
                )
            )
        last = server.ready()["pid"]
        server.signal(SIGTERM)
        return pids.index(last), server.exit_code()


@scenarios((early,))
def test_a_signal_before_the_worker_is_ready_is_not_lost(outcome):
    assert outcome == (3, 0)


def stuck():
    """A request holds the hub for longer than the worker's time-out."""
    with ThreadPoolExecutor(1) as clients, gunicorn("--timeout", "2") as server:
        pid = server.ready()["pid"]
        answer = clients.submit(server.get, "/block?seconds=60")
        until(lambda: pid not in server.workers, "the end of the worker")
        successor = server.ready()
        server.signal(SIGTERM)
        (line,) = server.said("hub blocked")
        return (
            answer.result().status,
            (line["level"], "ends" in line["stack"], bool(line["request_id"])),
            f"Worker (pid:{pid}) exited with code 1." in server.text,
            successor["slot"],
            server.exit_code(),
        )


@scenarios((stuck,))
def test_a_worker_whose_hub_is_stuck_says_where_and_ends(outcome):
    assert outcome == ("reset", ("CRITICAL", True, True), True, 0, 0)


def greenlet_killed(how):
    """The greenlet of a request is killed from outside of it."""
    with started(how) as server:
        server.ready()
        return server.get("/kill").status, server.get("/who").status


@scenarios((greenlet_killed, "arbiter"), (greenlet_killed, "alone"))
def test_a_killed_request_leaves_its_client_an_answer(outcome):
    assert outcome == (500, 200)


def late(how):
    """Two connections from before the signal: one asks when requests are refused already, one never
    asks.
    """
    with ThreadPoolExecutor(1) as clients, started(how, DRAIN_DELAY_SECONDS=0) as server:
        server.ready()
        slow = clients.submit(server.get, "/slow?after=draining&seconds=5")
        server.serves(1, "/slow")
        with (
            contextlib.closing(server.connection()) as asks,
            socket.create_connection(("127.0.0.1", server.port)) as silent,
        ):
            asks.connect()
            server.signal(SIGTERM)
            until(lambda: server.said("draining"), "the drain")
            time.sleep(0.05)
            answer = ask(asks, "/who")
            silent_end = silent.recv(10)
        return (
            answer.status,
            answer.headers["Retry-After"],
            answer.headers["Connection"],
            silent_end,
            slow.result().status,
        )


@scenarios((late, "arbiter"), (late, "alone"))
def test_what_comes_too_late_is_refused_in_words(outcome):
    assert outcome == (503, "1", "close", b"", 200)
