"""A Redis that answers PING and cannot count: one log line when it begins, and one at its end."""

import logging
import re
import shutil
import time

import gevent
import pytest
import redis as client_library
from gevent.server import StreamServer
from limits import parse

from service.rate_limits.fallback import MOST_RETRY_FACTOR, CountersWithFallback
from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.redis_counters import RedisCounters
from service.rate_limits.redis_failures import REASONS
from tests.clock import Clock
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until

ITEM = parse("1000/minute")
RETRY_SECONDS = 2.0
TIMEOUT_SECONDS = 1.0


class Counted:
    """Counters on one Redis, with a clock of the test's own.

    Args:
        url: Of Redis.
        spans: Telemetry's client spans.
        timeout_seconds: Of each request.
    """

    def __init__(self, url, spans, timeout_seconds=PATIENCE_SECONDS):
        self.clock = Clock(1000.0)
        self.fallbacks = 0
        self.shared = RedisCounters(url, timeout_seconds, spans)
        self.counters = CountersWithFallback(
            MemoryCounters(),
            self.shared,
            retry_seconds=RETRY_SECONDS,
            on_fallback=self._count,
            clock=self.clock,
        )

    def _count(self):
        self.fallbacks += 1

    def hits(self, count=1):
        for number in range(count):
            self.counters.hit(f"read/{number % 3}", ITEM)

    def check(self, count=1):
        for _ in range(count):
            self.clock.now += RETRY_SECONDS * MOST_RETRY_FACTOR
            self.counters.check()


@pytest.fixture
def counted(telemetry):
    made = []

    def make(url, **given):
        made.append(Counted(url, telemetry.http_client, **given))
        return made[-1]

    yield make
    for one in made:
        one.counters.close()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="service.rate_limits")
    return lambda: [record.getMessage() for record in caplog.records]


@pytest.fixture
def admin(redis):
    """A second client of the same Redis."""
    client = client_library.Redis(port=redis.port, protocol=2)
    yield client
    client.close()


def begins(kind):
    return f"Redis does not count ({kind}: {REASONS[kind]}); each worker counts requests for itself"


ENDS = "Redis counts again; requests are counted there"


def fails_to_save(admin, tmp_path):
    folder = tmp_path / "gone"
    folder.mkdir()
    admin.config_set("dir", str(folder))
    admin.config_set("save", "3600 1")
    shutil.rmtree(folder)
    admin.bgsave()
    wait_until(
        lambda: admin.info("persistence")["rdb_last_bgsave_status"] == "err",
        what="the save fails",
    )


def without_right(*rules):
    def apply(admin, _):
        admin.execute_command("ACL", "SETUSER", "default", *rules)

    return apply


def configured(**settings):
    def apply(admin, _):
        for name, value in settings.items():
            admin.config_set(name.replace("_", "-"), value)

    return apply


def replicates(admin, _):
    admin.execute_command("REPLICAOF", "127.0.0.1", "1")


def replicates_without_data(admin, _):
    admin.config_set("replica-serve-stale-data", "no")
    replicates(admin, _)


def is_primary(admin, _):
    admin.execute_command("REPLICAOF", "NO", "ONE")


STATES = [
    ("READONLY", replicates, is_primary),
    ("MASTERDOWN", replicates_without_data, is_primary),
    ("OOM", configured(maxmemory="1", maxmemory_policy="noeviction"), configured(maxmemory="0")),
    ("MISCONF", fails_to_save, configured(save="")),
    (
        "NOREPLICAS",
        configured(min_replicas_to_write="1"),
        configured(min_replicas_to_write="0"),
    ),
    ("NOPERM", without_right("-@scripting"), without_right("+@scripting")),
    ("NOPERM", without_right("resetkeys", "~other:*"), without_right("allkeys")),
    ("NOPERM", without_right("-set", "-incrby"), without_right("+@all")),
]


@pytest.mark.parametrize(("kind", "begin", "end"), STATES)
def test_state_that_answers_ping_is_one_line_at_its_beginning_and_one_at_its_end(
    redis, admin, counted, lines, tmp_path, kind, begin, end
):
    one = counted(redis.url)
    one.hits(3)
    begin(admin, tmp_path)
    for _ in range(5):
        one.hits(20)
        one.check(2)
        evidence = one.counters.evidence()
        assert (evidence.healthy, evidence.reason.split(":")[0]) == (
            False,
            f"Redis does not count ({kind}",
        )
    assert (lines(), one.fallbacks) == ([begins(kind)], 100)
    end(admin, tmp_path)
    one.check()
    one.hits(5)
    assert (one.counters.evidence().healthy, one.fallbacks) == (True, 100)
    assert lines() == [begins(kind), ENDS]


def test_probe_notices_a_state_without_any_request(redis, admin, counted, lines):
    one = counted(redis.url)
    replicates(admin, None)
    one.check(3)
    assert lines() == [begins("READONLY")]


def test_request_that_needs_no_write_does_not_end_a_failure(redis, admin, counted, lines):
    one, item = counted(redis.url), parse("1/minute")
    for _ in range(2):
        one.counters.hit("a", item)
    replicates(admin, None)
    one.check()
    for _ in range(5):
        one.clock.now += RETRY_SECONDS * MOST_RETRY_FACTOR
        one.counters.hit("a", item)
        gevent.sleep(0.01)
    assert lines() == [begins("READONLY")]


@pytest.mark.parametrize(
    ("kind", "command"), [("NOAUTH", "requirepass"), ("WRONGPASS", "requirepass")]
)
def test_password_that_is_missing_or_wrong_is_named(redis, admin, counted, lines, kind, command):
    admin.config_set(command, "right")
    url = redis.url if kind == "NOAUTH" else redis.url.replace("//", "//:canary@")
    one = counted(url)
    one.hits(10)
    one.check(3)
    assert lines() == [begins(kind)]


def test_database_that_does_not_exist_is_named(redis, counted, lines):
    one = counted(redis.url.removesuffix("0") + "99")
    one.hits(10)
    one.check(3)
    assert lines() == [begins("DATABASE")]


def test_too_many_clients_are_named(redis, admin, counted, lines):
    admin.config_set("maxclients", "1")
    one = counted(redis.url)
    one.hits(10)
    one.check(3)
    admin.config_set("maxclients", "100")
    one.check()
    assert lines() == [begins("MAXCLIENTS"), ENDS]


def test_long_script_of_another_client_is_named(redis, admin, counted, lines):
    admin.config_set("lua-time-limit", "1")
    one = counted(redis.url)
    one.hits()
    looping = gevent.spawn(client_library.Redis(port=redis.port).eval, "while true do end", 0)
    wait_until(lambda: _is_busy(admin), what="the script runs")
    one.hits(5)
    one.check(2)
    admin.script_kill()
    gevent.joinall([looping], timeout=PATIENCE_SECONDS)
    one.check()
    assert lines() == [begins("BUSY"), ENDS]


def _is_busy(admin):
    try:
        admin.ping()
    except client_library.ResponseError as error:
        return "BUSY" in str(error)
    return False


def test_paused_writes_take_one_time_out(redis, admin, counted, lines):
    one = counted(redis.url, timeout_seconds=TIMEOUT_SECONDS)
    one.hits()
    admin.execute_command("CLIENT", "PAUSE", "600000", "WRITE")
    began = time.monotonic()
    one.hits(100)
    assert time.monotonic() - began < 20 * TIMEOUT_SECONDS
    one.check()
    admin.execute_command("CLIENT", "UNPAUSE")
    one.check()
    assert lines() == [begins("TIMEOUT"), ENDS]


def test_flushed_scripts_are_loaded_again_without_a_failure(redis, admin, counted, lines):
    one = counted(redis.url)
    one.hits()
    admin.script_flush()
    one.hits(3)
    admin.script_flush()
    one.check()
    assert (lines(), one.fallbacks) == ([], 0)


@pytest.fixture
def scripted():
    """A server that accepts connections, and answers each script with the same bytes."""
    servers = []

    def make(answer):
        def serve(connection, _):
            while received := connection.recv(65536):
                for command in COMMAND.findall(received):
                    connection.sendall(answer if command in (b"EVALSHA", b"SCRIPT") else b"+OK\r\n")

        servers.append(StreamServer(("127.0.0.1", 0), serve))
        servers[-1].start()
        return f"redis://127.0.0.1:{servers[-1].server_port}/0"

    yield make
    for server in servers:
        server.stop(timeout=0)


COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n([A-Z]+)")
OLD_SCRIPT = b"-ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("LOADING", b"-LOADING Redis is loading the dataset in memory\r\n"),
        ("MASTERDOWN", b"-MASTERDOWN Link with MASTER is down\r\n"),
        ("CLUSTERDOWN", b"-CLUSTERDOWN Hash slot not served\r\n"),
        ("MOVED", b"-MOVED 3999 127.0.0.1:6381\r\n"),
        ("ASK", b"-ASK 3999 127.0.0.1:6381\r\n"),
        ("CROSSSLOT", b"-CROSSSLOT Keys in request don't hash to the same slot\r\n"),
        ("TRYAGAIN", b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n"),
        ("UNKILLABLE", b"-UNKILLABLE Sorry the script already executed write commands\r\n"),
        ("NOSCRIPT", b"-NOSCRIPT No matching script. Please use EVAL.\r\n"),
        ("READONLY", OLD_SCRIPT + b"READONLY You can't write against a read only replica.\r\n"),
        ("OOM", OLD_SCRIPT + b"OOM command not allowed when used memory > 'maxmemory'.\r\n"),
        ("COMMAND", b"-ERR unknown command 'EVALSHA'\r\n"),
        ("ERROR", b"-ERR something else\r\n"),
        ("PROTOCOL", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("PROTOCOL", b"\x00\xff\xfe garbage\r\n"),
        ("PROTOCOL", b":not a number\r\n:x\r\n"),
        ("PROTOCOL", b"$abc\r\n"),
        ("PROTOCOL", b"+OK\r\n"),
        ("PROTOCOL", b"$-1\r\n"),
        ("PROTOCOL", b"*0\r\n"),
        ("TIMEOUT", b""),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scripted_answer_is_named_and_costs_one_bound(scripted, counted, lines, kind, answer):
    one = counted(scripted(answer), timeout_seconds=TIMEOUT_SECONDS)
    began = time.monotonic()
    one.hits(50)
    assert time.monotonic() - began < 10 * TIMEOUT_SECONDS
    one.check()
    assert (lines(), one.fallbacks) == ([begins(kind)], 50)


def test_intervals_grow_while_it_fails_and_go_on_after_a_short_return(redis, admin, counted, lines):
    one = counted(redis.url)
    replicates(admin, None)
    factors = []
    for _ in range(5):
        one.counters.check()
        factors.append(one.counters._retry_factor)
    is_primary(admin, None)
    one.counters.check()
    replicates(admin, None)
    one.counters.check()
    factors.append(one.counters._retry_factor)
    is_primary(admin, None)
    one.counters.check()
    one.clock.now += 3600
    replicates(admin, None)
    one.counters.check()
    assert [*factors, one.counters._retry_factor] == [1, 2, 4, 8, 8, 8, 1]


def test_failover_behind_one_address_renews_the_connections(redis, counted, lines):
    """A proxy keeps old connections on the old primary, as a load balancer does."""
    with type(redis)() as other:
        target = {"port": redis.port}

        def serve(connection, _):
            with gevent.socket.create_connection(("127.0.0.1", target["port"])) as server:
                copies = [gevent.spawn(_copy, *pair) for pair in _both(connection, server)]
                gevent.joinall(copies, count=1)
                gevent.killall(copies)

        proxy = StreamServer(("127.0.0.1", 0), serve)
        proxy.start()
        one = counted(f"redis://127.0.0.1:{proxy.server_port}/0")
        gevent.joinall([gevent.spawn(one.hits, 3) for _ in range(10)], timeout=PATIENCE_SECONDS)
        target["port"] = other.port
        old = client_library.Redis(port=redis.port)
        replicates(old, None)
        old.close()
        one.hits(3)
        one.check()
        gevent.joinall([gevent.spawn(one.hits, 3) for _ in range(10)], timeout=PATIENCE_SECONDS)
        assert (lines(), one.fallbacks) == ([begins("READONLY"), ENDS], 3)
        one.counters.close()
        proxy.stop(timeout=0)


def _both(left, right):
    return (left, right), (right, left)


def _copy(source, target):
    while data := source.recv(65536):
        target.sendall(data)
