"""Every collection has an entry with what ends its data, and the sweep ends it."""

import re
from datetime import UTC, datetime, timedelta

import gevent
import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure

from service.mongo import retention as module
from service.mongo.retention import Retention
from service.mongo.sweeper import Sweeper
from stack import paths
from tests.clock import Clock
from tests.service.members import AUTH, login, member
from tests.service.rate_limits.rate_limit_helpers import counted

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
TABLE_ROW = re.compile(r"^\| (`.*?`) \|", re.MULTILINE)


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def things(service):
    return service.mongo.database["things"]


@pytest.fixture
def retention(things):
    retention = Retention()
    retention.expire(things, "at", 60)
    retention.create_indexes()
    return retention


def sweeper(retention, service, clock, **more):
    return Sweeper(
        retention,
        service.mongo.database["passes"],
        interval_seconds=300,
        on_deleted=lambda name, count: None,
        now=clock,
        sleep=lambda seconds: gevent.sleep(0),
        **more,
    )


def fill(things, count: int, seconds_ago: float) -> None:
    at = NOON - timedelta(seconds=seconds_ago)
    things.insert_many([{"at": at} for _ in range(count)])


def test_every_collection_has_an_entry(build_service, monkeypatch):
    """Neither a collection without an entry, nor an entry without a collection."""
    used: set[str] = set()
    take = Database.__getitem__
    monkeypatch.setattr(
        Database, "__getitem__", lambda self, name: used.add(name) or take(self, name)
    )
    service = build_service()
    assert service.retention.names == used
    assert used >= set(service.mongo.database.list_collection_names())


def test_every_entry_is_documented(service):
    documented = {
        name
        for row in TABLE_ROW.findall((paths.ROOT / "docs/data.md").read_text(encoding="utf-8"))
        for name in re.findall(r"`(.+?)`", row)
    }
    assert documented == service.retention.names


def test_every_collection_that_is_kept_has_a_reason(service):
    assert all(len(reason) > 10 for reason in service.retention.kept.values())


def test_sweep_deletes_what_has_ended_and_nothing_else(retention, things, service, clock):
    fill(things, 3, seconds_ago=61)
    fill(things, 2, seconds_ago=59)
    things.insert_one({"_id": "without a time"})
    things.insert_one({"_id": "no time", "at": None})
    assert sweeper(retention, service, clock).run_pass() == 3
    assert things.count_documents({}) == 4


def test_one_worker_of_all_makes_the_pass_of_an_interval(retention, things, service, clock):
    workers = [sweeper(retention, service, clock) for _ in range(4)]
    fill(things, 5, seconds_ago=61)
    calls = [gevent.spawn(worker.run_pass) for worker in workers]
    gevent.joinall(calls, raise_error=True)
    assert sorted(call.value for call in calls) == [0, 0, 0, 5]
    fill(things, 1, seconds_ago=61)
    assert [worker.run_pass() for worker in workers] == [0] * 4
    clock.forward(300)
    assert sum(worker.run_pass() for worker in workers) == 1


def test_pass_is_bounded_and_in_batches(retention, things, service, clock, monkeypatch):
    monkeypatch.setattr(module, "BATCH_DOCUMENTS", 10)
    monkeypatch.setattr(module, "BATCHES", 3)
    fill(things, 45, seconds_ago=61)
    deleted: list[int] = []
    one = sweeper(retention, service, clock)
    one._on_deleted = lambda name, count: deleted.append(count)
    assert one.run_pass() == 30
    clock.forward(300)
    assert one.run_pass() == 15
    assert deleted == [10, 10, 10, 10, 5]


def test_document_that_is_prolonged_meanwhile_stays(retention, things, clock):
    fill(things, 2, seconds_ago=61)
    (entry,) = retention.swept
    ids = entry.expired_ids(clock())
    things.update_one({"_id": ids[0]}, {"$set": {"at": NOON}})
    assert entry.delete(ids, clock()) == 1
    assert [one["_id"] for one in things.find()] == ids[:1]


def test_server_without_ttl_is_asked_once_and_logged_once(service, caplog):
    retention = Retention()
    for name in ("one", "two", "three"):
        retention.expire(service.mongo.database[name], "at")
    with caplog.at_level("INFO", logger="service.mongo"):
        retention.create_indexes()
        retention.create_indexes()
    assert caplog.messages == [
        "this database has no TTL indexes: expired documents of 3 collections are deleted "
        "by a sweep in the background"
    ]
    assert len(retention.swept) == 3


class Mongo:
    """A server with TTL indexes; records what it is asked for."""

    def __init__(self, **failures: int) -> None:
        self.name = "things"
        self.database = self
        self.calls: list[tuple[str, object]] = []
        self._failures = failures

    def create_index(self, keys: object, **options: object) -> None:
        self._call("create_index", options)

    def command(self, *arguments: object, **options: object) -> None:
        self._call("command", options)

    def _call(self, name: str, options: object) -> None:
        self.calls.append((name, options))
        if code := self._failures.get(name):
            raise OperationFailure("refused", code)


TTL = ("create_index", {"expireAfterSeconds": 60})
PLAIN = ("create_index", {})
CHANGED = ("command", {"index": {"keyPattern": {"at": 1}, "expireAfterSeconds": 60}})
SERVERS = {
    "with TTL": ({}, [TTL], False),
    "another index of that key": ({"create_index": 85}, [TTL, CHANGED], False),
    "another index of that name": ({"create_index": 86}, [TTL, CHANGED], False),
    "index that cannot be changed": ({"create_index": 85, "command": 72}, [TTL, CHANGED], True),
}


@pytest.mark.parametrize(("failures", "calls", "is_swept"), SERVERS.values(), ids=SERVERS)
def test_server_with_ttl_deletes_itself(failures, calls, is_swept):
    server, retention = Mongo(**failures), Retention()
    retention.expire(server, "at", 60)
    retention.create_indexes()
    assert (server.calls, bool(retention.swept)) == (calls, is_swept)


@pytest.mark.parametrize("code", [13, 10107, 91])
def test_another_failure_of_the_index_is_not_hidden(code):
    retention = Retention()
    retention.expire(Mongo(create_index=code), "at", 60)
    with pytest.raises(OperationFailure, match="refused"):
        retention.create_indexes()


def refuse(_: datetime) -> bool:
    raise OperationFailure("refused", 13)


def test_sweep_goes_on_after_a_failure_and_ends(retention, service, clock, caplog, monkeypatch):
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        clock.forward(300)
        gevent.sleep(0)
        if len(pauses) > 3:
            gevent.sleep(60)

    one = sweeper(retention, service, clock)
    one._sleep = sleep
    monkeypatch.setattr(one, "_claim", refuse)
    one.start()
    gevent.sleep(0.05)
    one.stop()
    assert len(pauses) > 1
    assert all(150 <= wait <= 270 for wait in pauses)
    assert "no sweep of expired documents: OperationFailure" in caplog.messages


def test_data_of_a_login_has_an_end(build_service, clock):
    service = build_service(now=clock)
    client, database = service.app.test_client(), service.mongo.database
    tokens = member(client).tokens
    login(client, password="wrong password")
    client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})
    names = ("logins", "refresh_tokens", "login_attempts", "known_logins", "email_outbox")
    assert all(database[name].count_documents({}) for name in names)
    clock.forward(31 * 86400)
    assert service.sweeper.run_pass() >= 6
    assert {name: database[name].count_documents({}) for name in names} == dict.fromkeys(names, 0)
    assert database["accounts"].count_documents({}) == 1
    swept = counted(client, "serene_expired_documents_total")
    assert swept.keys() >= set(names)
