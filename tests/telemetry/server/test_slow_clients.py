"""A client that is slow is given up after a bound for the whole: 408, or a reset, never a 500.

One table of heads, bodies and readers, run against both servers.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.polling import wait_until
from tests.support.processes import SERVERS, get_management, gunicorn
from tests.support.scenarios import scenarios
from tests.telemetry.server.slow_clients import FORM, drip, post, read_slowly

pytestmark = pytest.mark.e2e

BOUNDS = {
    "REQUEST_HEAD_SECONDS": 1,
    "REQUEST_BODY_SECONDS": 3,
    "RESPONSE_SECONDS": 3,
    "CLIENT_STALL_SECONDS": 1,
    "CLIENT_BYTES_PER_SECOND": 2000,
    "KEEPALIVE_SECONDS": 2,
}
FORM_TYPE = "multipart/form-data; boundary=x"
GET = b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"

# What is sent at first, then again and again, and how often.
HEADS = {
    "stalls in the method": (b"GE", b"", 0.1),
    "stalls in the target": (b"GET /wh", b"", 0.1),
    "stalls in the version": (b"GET /who HTTP/1", b"", 0.1),
    "stalls after the first line": (b"GET /who HTTP/1.1\r\n", b"", 0.1),
    "stalls in a header": (b"GET /who HTTP/1.1\r\nHost: x\r\nA", b"", 0.1),
    "stalls before the last line": (b"GET /who HTTP/1.1\r\nHost: x\r\n", b"", 0.1),
    "drips a letter at a time": (b"GET /", b"a", 0.1),
    "drips headers": (b"GET /who HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n", 0.3),
    "drips faster than it is read": (b"GET /", b"aa", 0.01),
    "drips after an answer": (GET + b"GET /", b"a", 0.1),
    "stalls after an answer": (GET + b"GET /who HTTP/1.1\r\n", b"", 0.1),
}
BODIES = {
    "JSON stalls": (post("/body/json", 200, kind="application/json") + b"{", b"", 0.1),
    "JSON drips": (post("/body/json", 200, kind="application/json"), b" ", 0.1),
    "form stalls": (post("/body/form", 900, kind=FORM_TYPE) + FORM, b"", 0.1),
    "form drips": (post("/body/form", 90_000, kind=FORM_TYPE) + FORM, b"a", 0.1),
    "form in a URL's coding": (
        post("/body/form", 900, kind="application/x-www-form-urlencoded") + b"a=",
        b"b",
        0.1,
    ),
    "data stalls at once": (post("/body/data", 200), b"", 0.1),
    "data drips": (post("/body/data", 200), b"a", 0.1),
    "data stalls at its end": (post("/body/data", 2_000_000) + bytes(1_999_999), b"", 0.1),
    "stream stalls": (post("/body/stream", 2_000_000) + bytes(1_000_000), b"", 0.1),
    "stream drips": (post("/body/stream", 2_000_000) + bytes(1_000_000), b"a", 0.1),
    "read past the framework": (post("/body/raw", 200) + b"a", b"", 0.1),
    "read in lines": (post("/body/lines", 200) + b"a\nb", b"", 0.1),
    "failure swallowed": (post("/body/swallow", 200), b"a", 0.1),
    "failure made another": (post("/body/broken", 200), b"a", 0.1),
    "chunk's size missing": (post("/body/data", CHUNKED), b"", 0.1),
    "chunk's size drips": (post("/body/data", CHUNKED) + b"5;", b"a", 0.1),
    "chunk stalls": (post("/body/data", CHUNKED) + b"5\r\nab", b"", 0.1),
    "tiny chunks": (post("/body/data", CHUNKED), b"1\r\na\r\n", 0.1),
    "last chunk missing": (post("/body/stream", CHUNKED) + b"2\r\nab\r\n", b"", 0.1),
    "trailer stalls": (post("/body/raw", CHUNKED) + b"2\r\nab\r\n0\r\nA: b\r\n", b"", 0.1),
    "HTTP/1.0": (post("/body/data", 200, version="1.0") + b"a", b"", 0.1),
    "after 100 Continue": (
        post("/body/data", 200, extra=b"Expect: 100-continue\r\n"),
        b"",
        0.1,
    ),
    "fast enough, but for ever": (post("/body/stream", 1_000_000), bytes(700), 0.1),
    "after an answer": (GET + post("/body/json", 20, kind="application/json"), b" ", 0.2),
}
# Bytes at once, and how often; the response has 64 MiB.
READERS = {
    "reads nothing": ("/bytes?size=67108864", 0, 0.1),
    "reads nothing of a stream": ("/bytes?size=67108864&pieces=1", 0, 0.1),
    "reads a little": ("/bytes?size=67108864", 10, 0.1),
    "reads a little of a stream": ("/bytes?size=67108864&pieces=1", 10, 0.1),
    "fast enough, but for ever": ("/bytes?size=67108864&pieces=1", 4000, 0.02),
}
# What is sent, and the number of responses before the end.
IDLE = {"nothing": (b"", 0), "nothing more": (GET, 1), "nothing after two": (GET + GET, 2)}


def slow_clients(how):
    """All of them at once on one server; other requests are answered meanwhile."""
    count = len(HEADS) + len(BODIES) + len(READERS) + len(IDLE)
    with ThreadPoolExecutor(count) as clients, SERVERS[how](**BOUNDS) as server:
        port = server.wait_until_ready()["port"]
        ends = {
            kind: {
                name: clients.submit(drip, server.port, row[0], rest=row[1], every=row[2])
                for name, row in rows.items()
            }
            for kind, rows in (("heads", HEADS), ("bodies", BODIES))
        }
        ends["readers"] = {
            name: clients.submit(read_slowly, server.port, path, bytes_at_once=size, every=every)
            for name, (path, size, every) in READERS.items()
        }
        ends["idle"] = {
            name: clients.submit(drip, server.port, sent) for name, (sent, _) in IDLE.items()
        }
        others = {server.get("/who").status for _ in range(10)}
        found = {
            kind: {name: future.result() for name, future in futures.items()}
            for kind, futures in ends.items()
        }
        wait_until(
            lambda: get_management(port, "/debug/requests").json["inFlight"] == 0,
            what="the end of every request",
        )
        metrics = get_management(port, "/metrics").body.decode()
        closed = server.get("/closed").json
        server.process.terminate()
        return {
            **found,
            "others": others,
            "metrics": metrics,
            "closed": closed,
            "code": server.exit_code(),
            "lines": server.lines,
            "text": server.text,
        }


CASES = [(slow_clients, how) for how in SERVERS]


@scenarios(*CASES)
def test_slow_head_gets_a_408(outcome):
    assert {name: end.status for name, end in outcome["heads"].items()} == dict.fromkeys(HEADS, 408)
    assert all(end.seconds < 60 for end in outcome["heads"].values())


@scenarios(*CASES)
def test_slow_body_gets_a_408_whatever_reads_it(outcome):
    assert {name: end.status for name, end in outcome["bodies"].items()} == dict.fromkeys(
        BODIES, 408
    )
    responses = {name: end.responses for name, end in outcome["bodies"].items()}
    assert responses.pop("after an answer") == 2
    assert responses.pop("after 100 Continue") == 2
    assert set(responses.values()) == {1}
    for end in outcome["bodies"].values():
        head = end.received[end.received.rfind(b" 408 ") :]
        assert b"Content-Type: application/problem+json\r\n" in head
        assert b"X-Request-ID: " in head
        assert b"\r\nConnection: close\r\n" in head


@scenarios(*CASES)
def test_slow_reader_is_cut(outcome):
    assert all(end.seconds < 60 for end in outcome["readers"].values())
    assert {end.reset for end in outcome["readers"].values()} == {True}
    assert outcome["closed"] == sum("pieces" in path for path, *_ in READERS.values())


@scenarios(*CASES)
def test_idle_connection_is_closed_without_a_word(outcome):
    assert {
        name: (end.responses, end.reset, end.seconds < 60) for name, end in outcome["idle"].items()
    } == {name: (responses, False, True) for name, (_, responses) in IDLE.items()}


@scenarios(*CASES)
def test_each_slow_client_is_counted_logged_and_recorded(outcome):
    counted = {
        line.split('"')[1]: float(line.rsplit(" ", 1)[1])
        for line in outcome["metrics"].splitlines()
        if line.startswith("http_server_slow_clients_total{")
    }
    assert counted == {
        "head": len(HEADS),
        "body": len(BODIES),
        "response": len(READERS),
    }
    logged = Counter(
        line["reason"] for line in outcome["lines"] if line["message"] == "client too slow"
    )
    assert logged == counted
    requests = [line for line in outcome["lines"] if line["message"] == "request"]
    bodies = [line for line in requests if line["path"].startswith("/body/")]
    assert Counter((line["status"], line["outcome"]) for line in bodies) <= Counter(
        {(408, "completed"): len(BODIES), (408, "failed"): 1}
    )
    readers = [line for line in requests if line["path"] == "/bytes"]
    assert Counter((line["status"], line["outcome"]) for line in readers) == {
        (200, "client_too_slow"): len(READERS)
    }


@scenarios(*CASES)
def test_slow_clients_hurt_nobody_else(outcome):
    assert outcome["others"] == {200}
    assert outcome["code"] == 0
    assert [line["message"] for line in outcome["lines"] if "exception" in line] == [
        "Exception on /body/broken [POST]"
    ]
    assert [line for line in outcome["text"].splitlines() if not line.startswith("{")] == []
    assert "service_uncaught_exceptions_total{" not in outcome["metrics"]


def long_among_slow_clients():
    """Slow clients for several times the worker's time-out, which only a hub that is held ends."""
    slow = {"CLIENT_STALL_SECONDS": 60, "REQUEST_HEAD_SECONDS": 60}
    with ThreadPoolExecutor(20) as clients, gunicorn("--timeout", "2", **slow) as server:
        pid = server.wait_until_ready()["pid"]
        beginnings = [b"GET /", post("/body/data", 200)] * 10
        ends = [
            clients.submit(drip, server.port, sent, rest=b"a", every=0.2, most_seconds=8)
            for sent in beginnings
        ]
        for end in ends:
            end.result()
        return pid == server.wait_until_ready()["pid"], "hub blocked" in server.text


@pytest.mark.slow
@scenarios((long_among_slow_clients,))
def test_slow_clients_are_no_reason_for_the_arbiter_to_end_a_worker(outcome):
    assert outcome == (True, False)


def honest_clients(how):
    """Slow lines and long silences within the default bounds."""
    with ThreadPoolExecutor(4) as clients, SERVERS[how](CLIENT_STALL_SECONDS=5) as server:
        server.wait_until_ready()
        size = 2_000_000
        upload = clients.submit(
            drip,
            server.port,
            post("/body/stream", size, extra=b"Connection: close\r\n"),
            rest=bytes(size // 20),
            every=0.5,
            times=20,
        )
        download = clients.submit(
            read_slowly,
            server.port,
            "/bytes?size=16777216",
            bytes_at_once=524_288,
            every=0.25,
            receive_bytes=131_072,
        )
        silence = clients.submit(server.get, "/events?seconds=12")
        work = clients.submit(
            drip,
            server.port,
            post("/body/slow-work?seconds=7", 2, extra=b"Connection: close\r\n"),
            b"ab",
        )
        return (
            upload.result().received.rpartition(b"\r\n\r\n")[2].strip(),
            len(download.result().received.partition(b"\r\n\r\n")[2]),
            (silence.result().status, silence.result().body.count(b"data: ")),
            work.result().status,
        )


@pytest.mark.slow
@scenarios(*[(honest_clients, how) for how in SERVERS])
def test_slow_line_and_silence_of_the_server_are_no_slowness_of_the_client(outcome):
    assert outcome == (b"2000000", 16_777_216, (200, 4), 200)
