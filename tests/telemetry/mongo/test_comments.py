"""Each command of a request carries its trace, as the server receives it, where that is set."""

import gevent
import pytest

from telemetry.mongo.comments import COMMENTED, HOOK, Comments
from telemetry.requests.record import set_current_record
from tests.telemetry.mongo.wire_proxy import WireProxy
from tests.telemetry.records import record

COMMENTING = pytest.mark.parametrize("observed", [{"mongo_comment": True}], indirect=True)


@pytest.fixture(autouse=True)  # before the clients, which are closed first then
def proxy(mongodb_uri):
    with WireProxy(int(mongodb_uri.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def client(observed, proxy):
    client = observed.connect(proxy.uri)
    client.test.comments.drop()
    observed.watch(client)
    client.admin.command("ping")
    proxy.commands.clear()
    return client


def use_everything(collection):
    collection.insert_many([{"_id": number, "a": number % 2} for number in range(5)])
    collection.insert_one({"_id": 7, "a": 7})
    assert len(list(collection.find({}, batch_size=2))) == 6
    collection.find_one({"_id": 1})
    collection.update_one({"_id": 1}, {"$set": {"b": 1}})
    collection.update_many({"a": 1}, {"$set": {"b": 2}})
    collection.replace_one({"_id": 1}, {"a": 1})
    collection.find_one_and_update({"_id": 1}, {"$set": {"b": 3}})
    collection.find_one_and_delete({"_id": 7})
    list(collection.aggregate([{"$match": {"a": 1}}], batchSize=1))
    collection.count_documents({"a": 1})
    collection.estimated_document_count()
    collection.distinct("a")
    collection.delete_one({"_id": 1})
    collection.delete_many({"a": 0})


def in_request(work):
    def run():
        set_current_record(record())
        work()

    gevent.spawn(run).get()


@COMMENTING
def test_every_command_of_a_request_has_its_trace(observed, proxy, client):
    in_request(lambda: use_everything(client.test.comments))
    sent = {
        (next(iter(command)), command.get("comment"))
        for command in proxy.commands
        if next(iter(command)) in COMMENTED
    }
    assert sent == {(name, f"trace_id={record().trace_id}") for name in COMMENTED}


@COMMENTING
def test_comment_of_the_application_stays(observed, proxy, client):
    in_request(lambda: client.test.comments.find_one({}, comment="mine"))
    assert [command["comment"] for command in proxy.named("find")] == ["mine"]


@COMMENTING
def test_command_outside_of_a_request_has_none(observed, proxy, client):
    client.test.comments.find_one({})
    assert [command.get("comment") for command in proxy.named("find")] == [None]


def test_no_comment_by_default(observed, proxy, client):
    in_request(lambda: use_everything(client.test.comments))
    assert [command for command in proxy.commands if "comment" in command] == []
    assert HOOK not in vars(client)


@COMMENTING
def test_hook_is_removed_at_the_end(observed, proxy, client):
    observed.telemetry.stop()
    assert HOOK not in vars(client)
    in_request(lambda: client.test.comments.find_one({}))
    assert [command.get("comment") for command in proxy.named("find")] == [None]


@COMMENTING
def test_old_server_gets_none(observed, proxy, client, monkeypatch):
    monkeypatch.setattr("telemetry.mongo.comments.WIRE_VERSION", 99)
    in_request(lambda: client.test.comments.find_one({}))
    assert [command.get("comment") for command in proxy.named("find")] == [None]


@COMMENTING
def test_comment_that_fails_changes_no_answer(observed, proxy, client, monkeypatch):
    def fail(*_):
        raise ValueError("planted")

    monkeypatch.setattr(Comments, "_accepts", fail)
    in_request(lambda: client.test.comments.insert_one({"_id": 1}))
    assert client.test.comments.find_one({}) == {"_id": 1}
    assert set(observed.errors) == {"mongo.comment"}
    observed.errors.clear()


def test_other_pymongo_is_left_alone(observed, client, caplog):
    class Foreign:
        def _send_cluster_time(self, somewhat, different, now):
            raise AssertionError("never called")

    assert not Comments(observed.telemetry._guard).install(Foreign())
    assert "TELEMETRY_MONGO_COMMENT has no effect" in caplog.text
