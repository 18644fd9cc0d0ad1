"""Rate limits that servers share through a real Redis, which crashes, hangs and comes back."""

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

from service.rate_limits.redis_counters import RedisCounters
from service.rate_limits.sliding_window import Decision
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.machine import PATIENCE_SECONDS, Slowness
from tests.service.rate_limits.rate_limit_helpers import (
    READ_PATH,
    counted,
    health_part,
    limit_headers,
)
from tests.support.polling import wait_until, wait_until_equal

TIMEOUT_SECONDS = 1.0
"""Time-out for a Redis that hangs; tests with one that works allow a busy machine's time."""
FALLBACKS = "serene_rate_limit_fallbacks_total"


@pytest.fixture
def shared(redis, limited):
    """Builds servers that share one Redis."""

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
    response = client.get(READ_PATH)
    return response, time.monotonic() - began


def hanging(shared, redis):
    """Return a client of a server whose Redis answered once and hangs now."""
    client = shared(
        "1000/minute", REDIS_TIMEOUT_SECONDS=str(TIMEOUT_SECONDS), REDIS_RETRY_SECONDS="600"
    )
    client.get(READ_PATH)
    redis.hang()
    return client


def until_connected(redis, connections):
    def established():
        return sum(
            one.status == "ESTABLISHED" and one.raddr.port == redis.port
            for one in Process().net_connections("tcp")
        )

    wait_until(
        lambda: established() >= connections,
        timeout_seconds=PATIENCE_SECONDS,
        what="the connections to Redis",
    )


def until_storage_is(client, storage):
    def storage_after_a_request():
        client.get(READ_PATH)
        return health_part(client)["storage"]

    wait_until_equal(storage_after_a_request, storage, timeout_seconds=PATIENCE_SECONDS)


def test_servers_share_one_count(shared):
    one, other = shared(), shared()
    answers = [client.get(READ_PATH) for client in (one, other, one, other, one)]
    assert [(answer.status_code, answer.headers["RateLimit-Remaining"]) for answer in answers] == [
        (200, "2"),
        (200, "1"),
        (200, "0"),
        (429, "0"),
        (429, "0"),
    ]
    assert limit_headers(answers[3]).keys() == {
        "RateLimit-Limit",
        "RateLimit-Remaining",
        "RateLimit-Reset",
        "RateLimit-Policy",
        "Retry-After",
    }
    assert (
        health_part(one)
        == health_part(other)
        == {"status": "up", "healthy": True, "storage": "redis"}
    )
    assert counted(one, FALLBACKS) == {}


def test_time_in_redis_is_a_phase_of_the_request(shared, limited):
    phases = [
        re.findall(r"(\w+);dur", client.get(READ_PATH).headers["Server-Timing"])
        for client in (shared(), limited())
    ]
    assert ["external" in found for found in phases] == [True, False]


def test_each_call_is_a_client_span_without_the_client(redis):
    telemetry = Telemetry(
        telemetry_config({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    )
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    counters = RedisCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client)
    counters.hit("read/198.51.100.7", parse("3/minute"))
    counters.close()
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


def test_hundred_concurrent_requests_do_not_exceed_the_limit(shared):
    clients = [shared("10/minute") for _ in range(2)]
    requests = [
        gevent.spawn(
            lambda app=clients[n % 2].application: app.test_client().get(READ_PATH).status_code
        )
        for n in range(100)
    ]
    gevent.joinall(requests, timeout=PATIENCE_SECONDS)
    assert sorted(one.value for one in requests) == [200] * 10 + [429] * 90
    assert [counted(client, FALLBACKS) for client in clients] == [{}, {}]


def test_crash_fails_no_request_and_is_logged_once(shared, redis, until_ready, caplog):
    caplog.set_level(logging.INFO, logger="service.rate_limits")
    client = shared("1000/minute")
    until_ready(client)
    assert client.get(READ_PATH).status_code == 200
    redis.kill()
    answers = [timed(client) for _ in range(5)]
    assert [answer.status_code for answer, _ in answers] == [200] * 5
    assert max(took for _, took in answers) < PATIENCE_SECONDS / 2
    assert counted(client, FALLBACKS) == {"": 5.0}
    assert health_part(client) == {
        "status": "down",
        "healthy": False,
        "reason": "Redis does not count (CONNECTION: no connection: check REDIS_URL and that Redis "
        "runs); each worker counts",
        "storage": "memory",
    }
    assert client.get("/api/v1/health").status_code == 200

    redis.start()
    until_storage_is(client, "redis")
    own = [record for record in caplog.records if record.name == "service.rate_limits"]
    assert [record.getMessage() for record in own] == [
        "Redis does not count (CONNECTION: no connection: check REDIS_URL and that Redis runs); "
        "each worker counts requests for itself",
        "Redis counts again; requests are counted there",
    ]


def test_hanging_redis_delays_one_request(shared, redis):
    client = hanging(shared, redis)
    try:
        with Slowness() as machine:
            first, first_took = timed(client)
        others = [timed(client) for _ in range(20)]
        assert {first.status_code, *(answer.status_code for answer, _ in others)} == {200}
        assert TIMEOUT_SECONDS * 0.9 < first_took < 2 * TIMEOUT_SECONDS + machine.seconds
        assert sorted(took for _, took in others)[10] < TIMEOUT_SECONDS
        assert health_part(client)["reason"] == (
            "Redis does not count (TIMEOUT: no response within REDIS_TIMEOUT_SECONDS: check Redis "
            "and the network); each worker counts"
        )
    finally:
        redis.go_on()


def test_hundred_requests_on_a_hanging_redis_wait_no_longer_than_one(shared, redis):
    client = hanging(shared, redis)
    try:
        requests = [
            gevent.spawn(lambda: timed(client.application.test_client())) for _ in range(100)
        ]
        gevent.joinall(requests, timeout=PATIENCE_SECONDS)
        assert [one.value[0].status_code for one in requests] == [200] * 100
        assert max(one.value[1] for one in requests) < 50 * TIMEOUT_SECONDS
    finally:
        redis.go_on()


def test_limit_holds_while_redis_is_away(shared, redis):
    client = shared("3/minute")
    redis.kill()
    assert [client.get(READ_PATH).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_missing_redis_does_not_affect_readiness(shared, redis, until_ready):
    redis.kill()
    client = shared()
    until_ready(client)
    assert client.get("/api/v1/health/readiness").status_code == 200
    assert health_part(client) == {"status": "unknown", "healthy": False, "storage": "redis"}
    assert client.get(READ_PATH).status_code == 200


def test_background_check_notices_changes_without_a_request(shared, redis):
    client = shared()
    for callback in client.application.extensions["telemetry"]._on_start:
        callback()
    for change, storage in ((redis.kill, "memory"), (redis.start, "redis")):
        change()
        wait_until_equal(
            lambda: health_part(client)["storage"],
            storage,
            timeout_seconds=PATIENCE_SECONDS,
        )


def test_scripts_are_loaded_again_after_a_restart(shared, redis):
    client = shared()
    client.get(READ_PATH)
    redis.kill()
    redis.start()
    answers = [client.get(READ_PATH) for _ in range(2)]
    until_storage_is(client, "redis")
    assert [answer.status_code for answer in answers] == [200, 200]


def test_request_after_the_reset_time_is_allowed(redis, telemetry):
    counters, item = (
        RedisCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client),
        parse("4/2seconds"),
    )
    taken = [counters.hit("a", item) for _ in range(5)]
    assert [(one.allowed, one.remaining) for one in taken] == [
        (True, 3),
        (True, 2),
        (True, 1),
        (True, 0),
        (False, 0),
    ]
    assert 0 < taken[4].reset_seconds <= 2.0
    gevent.sleep(taken[4].reset_seconds + 0.02)
    assert counters.hit("a", item).allowed
    counters.close()


def test_killed_request_leaves_its_connection_usable(redis, telemetry):
    counters, item = (
        RedisCounters(redis.url, PATIENCE_SECONDS, telemetry.http_client),
        parse("1000/minute"),
    )
    counters.hit("a", item)
    redis.hang()
    victims = [gevent.spawn(counters.hit, "a", item) for _ in range(10)]
    until_connected(redis, len(victims))
    gevent.killall(victims)
    redis.go_on()
    # What the killed requests sent is counted; no other request reads their replies.
    seen = [counters.hit("b", item) for _ in range(20)]
    assert [(one.allowed, one.remaining) for one in seen] == [
        (True, 999 - number) for number in range(20)
    ]
    assert isinstance(seen[0], Decision)
    counters.close()
