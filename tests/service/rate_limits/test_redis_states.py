"""A Redis that answers PING and cannot count: one log line when it begins, and one at its end."""

import shutil
import time

import gevent
import pytest
import redis as client_library
from limits import parse

from service.rate_limits.fallback import MOST_RETRY_FACTOR
from tests.machine import PATIENCE_SECONDS
from tests.service.rate_limits.counted import ENDS, RETRY_SECONDS, TIMEOUT_SECONDS, begins
from tests.support.polling import wait_until


@pytest.fixture
def admin(redis):
    """A second client of the same Redis."""
    client = client_library.Redis(port=redis.port, protocol=2)
    yield client
    client.close()


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
    first, last = lines()
    # Redis closes without reading: a reset may take its words away before they are read.
    assert first in (begins("MAXCLIENTS"), begins("CONNECTION"))
    assert last == ENDS


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
