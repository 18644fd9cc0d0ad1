"""Limits that servers share by a real Redis, and what becomes of them when it crashes, hangs or
comes back.
"""

import logging
import re
import time

import gevent
import pytest
from limits import parse
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from psutil import Process

from service.rate_limits.redis_counters import SharedCounters
from service.rate_limits.sliding_window import Taken
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.machine import PATIENCE_SECONDS, Slowness
from tests.service.rate_limits.rate_limit_helpers import POSTS, counted, part, told

TIMEOUT_SECONDS = 1.0
"""For a Redis that hangs; one that works is waited for as long as a busy machine needs."""
FALLBACKS = "serene_rate_limit_fallbacks_total"


@pytest.fixture
def shared(redis, limited):
    """Makes servers on the one Redis."""

    def make(rate: str = "3/minute", **environ: str):
        retry = {
            "REDIS_URL": redis.url,
            "REDIS_RETRY_SECONDS": "0.2",
            "REDIS_TIMEOUT_SECONDS": str(PATIENCE_SECONDS),
        }
        return limited(**{"RATE_LIMIT_READ": rate, **retry, **environ})

    return make


def timed(client):
    began = time.monotonic()
    response = client.get(POSTS)
    return response, time.monotonic() - began


def hanging(shared, redis):
    """A server whose Redis has answered once, and hangs since."""
    client = shared(
        "1000/minute", REDIS_TIMEOUT_SECONDS=str(TIMEOUT_SECONDS), REDIS_RETRY_SECONDS="600"
    )
    client.get(POSTS)
    redis.hang()
    return client


def until_connected(redis, connections):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (
        sum(
            one.status == "ESTABLISHED" and one.raddr.port == redis.port
            for one in Process().net_connections("tcp")
        )
        < connections
    ):
        assert time.monotonic() < deadline
        gevent.sleep(0.01)


def until_storage_is(client, storage):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while part(client)["storage"] != storage:
        assert time.monotonic() < deadline
        gevent.sleep(0.02)
        client.get(POSTS)


def test_servers_count_together(shared):
    one, other = shared(), shared()
    answers = [client.get(POSTS) for client in (one, other, one, other, one)]
    assert [(answer.status_code, answer.headers["RateLimit-Remaining"]) for answer in answers] == [
        (200, "2"),
        (200, "1"),
        (200, "0"),
        (429, "0"),
        (429, "0"),
    ]
    assert told(answers[3]).keys() == {
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "RateLimit-Policy",
        "Retry-After",
    }
    assert part(one) == part(other) == {"status": "up", "healthy": True, "storage": "redis"}
    assert counted(one, FALLBACKS) == {}


def test_the_wait_for_redis_is_a_phase_of_its_request_and_without_redis_there_is_none(
    shared, limited
):
    phases = [
        re.findall(r"(\w+);dur", client.get(POSTS).headers["Server-Timing"])
        for client in (shared(), limited())
    ]
    assert ["external" in found for found in phases] == [True, False]


def test_each_call_is_a_client_span_without_a_word_of_whom_it_counts(redis):
    telemetry = Telemetry(
        telemetry_config({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    )
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    counters = SharedCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client)
    counters.take("read/198.51.100.7", parse("3/minute"))
    counters.close()
    telemetry.tracing.provider.force_flush()
    assert [
        (span.name, span.kind, dict(span.attributes)) for span in exporter.get_finished_spans()
    ] == [
        (
            "PIPELINE EVALSHA",
            SpanKind.CLIENT,
            {
                "db.system.name": "redis",
                "db.operation.name": "PIPELINE EVALSHA",
                "db.operation.batch.size": 2,
                "server.address": "127.0.0.1",
                "server.port": redis.port,
            },
        )
    ]


def test_of_a_hundred_at_once_as_many_pass_as_are_allowed(shared):
    clients = [shared("10/minute") for _ in range(2)]
    asked = [
        gevent.spawn(
            lambda app=clients[n % 2].application: app.test_client().get(POSTS).status_code
        )
        for n in range(100)
    ]
    gevent.joinall(asked, timeout=PATIENCE_SECONDS)
    assert sorted(one.value for one in asked) == [200] * 10 + [429] * 90
    assert [counted(client, FALLBACKS) for client in clients] == [{}, {}]


def test_a_crash_fails_no_request_and_is_told_once(shared, redis, caplog):
    caplog.set_level(logging.INFO, logger="service.rate_limits")
    client = shared("1000/minute")
    assert client.get(POSTS).status_code == 200
    redis.kill()
    answers = [timed(client) for _ in range(5)]
    assert [answer.status_code for answer, _ in answers] == [200] * 5
    assert max(took for _, took in answers) < PATIENCE_SECONDS / 2
    assert counted(client, FALLBACKS) == {"": 5.0}
    assert part(client) == {
        "status": "down",
        "healthy": False,
        "reason": "Redis does not answer (ConnectionError); each worker counts",
        "storage": "memory",
    }
    assert client.get("/api/v1/health").status_code == 200

    redis.start()
    until_storage_is(client, "redis")
    assert [record.getMessage() for record in caplog.records] == [
        "Redis does not answer (ConnectionError); each worker counts requests for itself",
        "Redis answers again; requests are counted there",
    ]


def test_a_redis_that_hangs_is_waited_for_once(shared, redis):
    client = hanging(shared, redis)
    try:
        with Slowness() as machine:
            first, first_took = timed(client)
        others = [timed(client) for _ in range(20)]
        assert {first.status_code, *(answer.status_code for answer, _ in others)} == {200}
        assert TIMEOUT_SECONDS * 0.9 < first_took < 2 * TIMEOUT_SECONDS + machine.seconds
        assert sorted(took for _, took in others)[10] < TIMEOUT_SECONDS
        assert part(client)["reason"] == "Redis does not answer (TimeoutError); each worker counts"
    finally:
        redis.go_on()


def test_a_hundred_requests_on_a_redis_that_hangs_wait_no_longer_than_one(shared, redis):
    client = hanging(shared, redis)
    try:
        asked = [gevent.spawn(lambda: timed(client.application.test_client())) for _ in range(100)]
        gevent.joinall(asked, timeout=PATIENCE_SECONDS)
        assert [one.value[0].status_code for one in asked] == [200] * 100
        assert max(one.value[1] for one in asked) < 50 * TIMEOUT_SECONDS
    finally:
        redis.go_on()


def test_while_redis_is_away_the_limit_still_holds(shared, redis):
    client = shared("3/minute")
    redis.kill()
    assert [client.get(POSTS).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_a_redis_that_was_never_there_is_no_reason_not_to_serve(shared, redis):
    redis.kill()
    client = shared()
    assert client.get("/api/v1/health/readiness").status_code == 200
    assert part(client) == {"status": "unknown", "healthy": False, "storage": "redis"}
    assert client.get(POSTS).status_code == 200


def test_the_look_in_the_background_finds_out_without_a_request(shared, redis):
    client = shared()
    for callback in client.application.extensions["telemetry"]._on_start:
        callback()
    deadline = time.monotonic() + PATIENCE_SECONDS
    for broken, storage in ((redis.kill, "memory"), (redis.start, "redis")):
        broken()
        while part(client)["storage"] != storage:
            assert time.monotonic() < deadline
            gevent.sleep(0.02)


def test_a_redis_that_has_forgotten_the_scripts_is_told_them_again(shared, redis):
    client = shared()
    client.get(POSTS)
    redis.kill()
    redis.start()
    answers = [client.get(POSTS) for _ in range(2)]
    until_storage_is(client, "redis")
    assert [answer.status_code for answer in answers] == [200, 200]


def test_who_waits_as_long_as_told_passes(redis, telemetry):
    counters, item = (
        SharedCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client),
        parse("4/2seconds"),
    )
    taken = [counters.take("a", item) for _ in range(5)]
    assert [(one.passed, one.remaining) for one in taken] == [
        (True, 3),
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert 0 < taken[4].reset_seconds <= 2.0
    gevent.sleep(taken[4].reset_seconds + 0.02)
    assert counters.take("a", item).passed
    counters.close()


def test_a_killed_request_leaves_its_connection_usable(redis, telemetry):
    counters, item = (
        SharedCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client),
        parse("1000/minute"),
    )
    counters.take("a", item)
    redis.hang()
    victims = [gevent.spawn(counters.take, "a", item) for _ in range(10)]
    until_connected(redis, len(victims))
    gevent.killall(victims)
    redis.go_on()
    # What the killed ones had sent is counted; what they would have read is read by nobody else.
    seen = [counters.take("b", item) for _ in range(20)]
    assert [(one.passed, one.remaining) for one in seen] == [
        (True, 999 - number) for number in range(20)
    ]
    assert isinstance(seen[0], Taken)
    counters.close()
