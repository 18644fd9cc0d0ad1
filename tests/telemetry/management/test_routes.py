"""The responses of the management port."""

import _socket
import gc
import json
import time

import gevent
import pytest
from gevent.event import Event

from telemetry import names, native
from telemetry.exposition import choose_format
from telemetry.management.endpoint import Management
from telemetry.management.protocol import Request
from tests.telemetry.management.clients import get, get_json, serving
from tests.telemetry.records import record

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def management():
    with serving() as management:
        yield management


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_metrics_are_the_registry_in_the_format_asked_for(management, accept):
    management.metrics.counters(names.SPANS)["ratio",].inc(3)
    status, headers, body = get(
        management, "/metrics?x=y", headers=f"Accept: {accept}\r\n" if accept else ""
    )
    form = choose_format(accept)
    expected = [
        line
        for line in form.encoder(management.metrics.registry).decode().splitlines()
        if "_created" not in line
    ]
    assert (status, headers.pop("Content-Type"), body.decode().splitlines()) == (
        200,
        form.content_type,
        expected,
    )
    assert time.strptime(headers.pop("Date"), "%a, %d %b %Y %H:%M:%S GMT")
    assert headers == {
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
    }


def test_many_series_come_whole(management):
    for number in range(300):
        management.metrics.histogram(names.REQUEST_DURATION).labels(
            "GET", f"/{number}", "200"
        ).observe(0.1)
    _, _, body = get(management, "/metrics", headers=f"Accept: {OPENMETRICS}\r\n")
    bounds = len(names.REQUEST_DURATION.buckets) + 1
    assert body.count(b"http_server_request_duration_seconds_bucket") == 300 * bounds
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/health", 503, {"success": False, "status": "unhealthy"}),
        ("/health/liveness", 200, {"status": "alive"}),
        ("/health/readiness", 503, {"status": "draining", "reasons": ["SIGTERM"]}),
    ],
)
def test_health_is_the_verdict(management, path, status, body):
    assert get_json(management, path) == (status, "application/json", body)


@pytest.mark.parametrize("path", ["/metrics", "/health", "/nothing"])
def test_head_is_get_without_the_body(management, path):
    status, headers, _ = get(management, path)
    head_status, head_headers, body = get(management, path, method="HEAD")
    del headers["Date"], head_headers["Date"]
    assert (head_status, head_headers, body) == (status, headers, b"")


def test_unknown_path_lists_the_paths(management):
    assert get_json(management, "/nothing") == (
        404,
        "application/problem+json",
        {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "The paths here are /debug/, /debug/requests, /debug/stacks, "
            "/health, /health/liveness, /health/readiness, /metrics.",
        },
    )


@pytest.mark.parametrize(
    ("method", "rest"), [("POST", "Content-Length: 5\r\n"), ("DELETE", ""), ("FOO", "")]
)
def test_other_method_is_not_allowed(management, method, rest):
    status, headers, body = get(management, "/metrics", method=method, headers=rest)
    assert (status, headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert json.loads(body)["detail"] == "Only GET, HEAD, OPTIONS are allowed here."


def test_failing_answer_is_a_500_that_is_counted():
    verdicts = {"/health": lambda: 1 / 0, "/health/liveness": lambda: (200, {})}
    with serving(verdicts=verdicts, strict=False) as management:
        status, kind, body = get_json(management, "/health")
        assert (status, kind) == (500, "application/problem+json")
        assert body["detail"] == "The answer failed; the log has the reason."
        assert get_json(management, "/health/liveness") == (200, "application/json", {})
        assert management.errors == ["management.answer"]


# --- debug ----------------------------------------------------------------------------------------
def wait_for(event):
    event.wait()


@pytest.fixture
def requests():
    """Two requests that wait, and one that has the hub."""
    event, held = Event(), record(request_id="3", route="/held")
    waiting = [
        record(
            request_id="1",
            started_ns=time.perf_counter_ns() - 2_000_000_000,
            phase_seconds={"db": 0.25},
        ),
        record(request_id="2", started_ns=time.perf_counter_ns() - 1_000_000_000, status=None),
    ]
    for each in waiting:
        each.greenlet = gevent.spawn(wait_for, event)
    others = [gevent.spawn(wait_for, event) for _ in range(3)]
    gevent.sleep(0)
    yield [*waiting, held], others
    event.set()
    gevent.joinall([*others, *(each.greenlet for each in waiting)])


def hold_the_hub(request, work):
    def run():
        request.greenlet = gevent.getcurrent()
        request.started_ns = time.perf_counter_ns()
        return work()

    return gevent.spawn(run).get()


def test_requests_in_flight_are_listed_oldest_first(requests):
    waiting = requests[0][:2]
    with serving(in_flight=lambda: (waiting[1], waiting[0])) as management:
        status, kind, body = get_json(management, "/debug/requests")
    ages = [each.pop("ageSeconds") for each in body["requests"]]
    for each in body["requests"]:
        assert each.pop("phaseSeconds").keys() == each["waitSeconds"].keys()
    known = {
        "traceId": waiting[0].trace_id,
        "method": "GET",
        "route": "/api/v1/blog/posts/<slug>",
        "running": False,
        "doing": "waiting",
        "slow": True,
        "snapshots": 0,
    }
    assert (status, kind) == (200, "application/json")
    assert body == {
        "inFlight": 2,
        "requests": [
            {"requestId": "1", "status": 200, "waitSeconds": {"db": 0.25}, **known},
            {"requestId": "2", "status": None, "waitSeconds": {}, **known},
        ],
        "past": [],
        "pastBytes": 0,
        "pastMostBytes": 0,
    }
    assert [2 <= ages[0] < 60, 1 <= ages[1] < 60] == [True, True]


def test_stacks_list_each_request_greenlet_and_thread(requests):
    in_flight, others = requests
    with serving(
        in_flight=lambda: tuple(in_flight), greenlets=lambda: [*others, in_flight[0].greenlet]
    ) as management:
        answers = []

        def fetch():
            # Raw and native, because the hub is held meanwhile.
            answers.append(native_get(management.port, "/debug/stacks"))

        def work():
            thread = native.NativeThread(fetch)
            thread.start()
            while not thread.ended:
                native.sleep(0.01)

        hold_the_hub(in_flight[2], work)
    entries = [
        entry.split("\n  ") for entry in answers[0].partition("\r\n\r\n")[2].strip().split("\n\n")
    ]
    titles = [
        " ".join(part for part in entry[0].split(" ") if "." not in part) for entry in entries
    ]
    route = "/api/v1/blog/posts/<slug>"
    assert titles[:4] == [
        f"request 1 GET {route} s waiting",
        f"request 2 GET {route} s waiting",
        "request 3 GET /held s running",
        "3 greenlets waiting",
    ]
    assert any(line.endswith(" wait_for") for line in entries[0])
    assert any(line.endswith(" wait_for") for line in entries[3])
    assert entries[2][-1].endswith(".work")
    threads = [title for title in titles if title.startswith("thread ")]
    assert len(threads) >= 3
    assert [title.endswith(" of the hub") for title in threads].count(True) == 1


def native_get(port, path):
    """Send a request from a native thread, by the original socket."""
    client = _socket.socket()
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    received = b""
    while more := client.recv(65536):
        received += more
    client.close()
    return received.decode()


@pytest.mark.parametrize(
    ("client", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.9.1", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("192.0.2.1", 403),
        ("::ffff:10.0.0.1", 403),
        ("fe80::1%eth0", 403),
    ],
)
@pytest.mark.parametrize("path", ["/debug/stacks", "/debug/requests"])
def test_debug_is_for_the_machine_itself(management, client, status, path):
    request = Request("GET", path, "", {}, client, True, False)
    assert Management._handle_request(management, request).status == status


def test_process_has_one_hub_after_all_this(management):
    for path in ("/metrics", "/health", "/debug/stacks", "/debug/requests", "/nothing"):
        get(management, path)
    hubs = {id(each) for each in gc.get_objects() if issubclass(type(each), gevent.hub.Hub)}
    # One from before the tests is frozen, where the collector does not list it.
    assert hubs | {id(gevent.get_hub())} == {id(gevent.get_hub())}


def test_stacks_are_read_while_greenlets_go_on():
    turns = []

    def go_on(depth):
        if depth:
            return go_on(depth - 1)
        gevent.sleep(
            1e-6
        )  # sleep(0) in a loop hardly polls: the requests of this test would starve
        turns.append(depth)
        return depth

    def serve():
        while True:
            for depth in range(30):
                go_on(depth)

    in_flight = [record(request_id=str(number)) for number in range(50)]
    for each in in_flight:
        each.greenlet = gevent.spawn(serve)
    try:
        with serving(in_flight=lambda: tuple(in_flight)) as management:
            for _ in range(30):
                before = len(turns)
                status, _, body = get(management, "/debug/stacks")
                assert (status, body.count(b"request "), len(turns) > before) == (200, 50, True)
    finally:
        # Left alone they would run for ever, and take every later test's time.
        gevent.killall([each.greenlet for each in in_flight])
