"""``python -m service.migrate``: its plan, what it changes, and that it can be repeated."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import gevent
import pytest

from service import migrate
from service.migrate import EXIT_PENDING, parser
from service.mongo.migration import plan_indexes
from tests.service.mongo.index_keys import listed
from tests.service.mongo.replica_set import ReplicaSet, replica_set
from tests.service.processes import ran

OPERATOR = {"MONGODB_CREATE_INDEXES": "false"}
REAL = {"version": "7.0.14", "ok": 1.0}
DONE = {"ok": 1.0}


def run(service: Any, capsys: Any, *arguments: str) -> tuple[int, list[str]]:
    """Run the command on a service and return its exit code and its lines."""
    capsys.readouterr()
    code = migrate.migrate(service, parser().parse_args(arguments))
    return code, capsys.readouterr().out.splitlines()


@pytest.fixture
def empty(build_service):
    """A service whose operator creates the indexes."""
    return build_service(OPERATOR)


def test_start_creates_no_index_where_an_operator_does(empty, caplog):
    assert empty.mongo.database.list_collection_names() == []
    (line,) = [
        one.getMessage()
        for one in caplog.get_records("setup")
        if one.name == "service.mongo.migration"
    ]
    steps = plan_indexes(empty.catalogue, empty.mongo.deployment())
    assert line.startswith(f"{len(steps)} indexes are missing or differ")
    assert "run python -m service.migrate --apply (first: answer_leases: name_1)" in line
    # FerretDB expires nothing, so the sweep has all of it.
    assert [entry.collection.name for entry in empty.retention.swept] == [
        entry.collection.name for entry in empty.retention.expiring
    ]


def test_plan_is_printed_and_changes_nothing(empty, capsys):
    code, lines = run(empty, capsys)
    assert (code, lines[0]) == (
        0,
        f"{empty.mongo.database.name}: single server, FerretDB unknown",
    )
    assert "create    bookings: member_id_1_starts_at_-1" in lines
    assert lines[-2:] == [
        "0 are as they should be",
        f"dry run: nothing was changed; --apply makes {len(lines) - 3} changes",
    ]
    assert empty.mongo.database.list_collection_names() == []
    assert run(empty, capsys, "--check")[0] == EXIT_PENDING


def test_applied_plan_is_what_a_start_would_have_created(empty, capsys, build_service):
    code, lines = run(empty, capsys, "--apply")
    assert (code, lines[-1].split(" made")[0]) == (0, f"{(len(lines) - 3) // 2} changes")
    migrated = {
        name: listed(empty.mongo.database[name])
        for name in empty.mongo.database.list_collection_names()
    }
    empty.mongo.client.drop_database(empty.mongo.database.name)
    empty.catalogue.indexes.create()
    empty.retention.create_indexes()
    started = {
        name: listed(empty.mongo.database[name])
        for name in empty.mongo.database.list_collection_names()
    }
    assert migrated == started


def test_second_run_finds_nothing_to_do(empty, capsys):
    run(empty, capsys, "--apply")
    code, lines = run(empty, capsys, "--apply", "--check")
    assert (code, lines[1:]) == (
        0,
        [lines[1], "0 changes made, 0 failed"],
    )
    assert lines[1].endswith("are as they should be")
    assert run(empty, capsys, "--check")[0] == 0


def test_concurrent_runs_both_succeed(empty, capsys):
    options = parser().parse_args(["--apply"])
    runs = [gevent.spawn(migrate.migrate, empty, options) for _ in range(3)]
    gevent.joinall(runs, raise_error=True)
    assert [one.value for one in runs] == [0, 0, 0]
    assert run(empty, capsys, "--check")[0] == 0


def test_index_of_an_older_version_is_reported_and_stays(service, capsys):
    service.mongo.database["posts"].create_index("old")
    code, lines = run(service, capsys, "--apply")
    assert lines[1] == "unknown   posts: old_1 (in no list: drop it once no version needs it)"
    assert (code, lines[-1]) == (0, "0 changes made, 0 failed")
    assert "old_1" in listed(service.mongo.database["posts"])


def test_index_that_differs_needs_a_person(empty, capsys):
    database = empty.mongo.database
    database["bookings"].create_index([("other", 1)], name="member_id_1_starts_at_-1")
    database["uploads.chunks"].create_index([("files_id", 1), ("n", 1)])
    _, lines = run(empty, capsys)
    assert "conflict  bookings: member_id_1_starts_at_-1 (another index has its name)" in lines
    assert (
        "conflict  uploads.chunks: files_id_1_n_1 (unique in one of them only: drop it first)"
        in lines
    )


@pytest.mark.slow
def test_command_in_a_process_of_its_own(service, database_uri):
    code, out, err = ran(database_uri, "service.migrate", "--check")
    assert (code, out.splitlines()[-1][:8], err) == (0, "dry run:", "")


@pytest.fixture
def members(database_uri: str) -> Iterator[ReplicaSet]:
    """A replica set that is a MongoDB by its version, and takes every index."""
    with replica_set(urlsplit(database_uri).port) as found:
        found.answers |= {"buildInfo": [REAL], "createIndexes": [DONE], "collMod": [DONE]}
        yield found


@pytest.fixture
def on_replica_set(build_service, members, database_uri):
    """A service on it whose operator creates the indexes."""
    name = urlsplit(database_uri).path.lstrip("/")
    return build_service({"MONGODB_URI": members.uri(name), **OPERATOR})


def created(members: ReplicaSet) -> list[tuple[str, dict[str, Any]]]:
    """Return the collection and the index of each createIndexes."""
    return [
        (one.collection, dict(one.document["indexes"][0])) for one in members.named("createIndexes")
    ]


def test_documents_expire_by_the_server_and_after_the_other_indexes(
    on_replica_set, members, capsys
):
    assert run(on_replica_set, capsys, "--apply")[0] == 0
    indexes = created(members)
    expiring = [name for name, index in indexes if "expireAfterSeconds" in index]
    assert sorted(expiring) == sorted(
        entry.collection.name for entry in on_replica_set.retention.expiring
    )
    assert {name for name, _ in indexes[-len(expiring) :]} == set(expiring)
    assert all(len(one.document["indexes"]) == 1 for one in members.named("createIndexes"))
    assert on_replica_set.retention.swept  # until the next start: its indexes were missing


def test_data_of_logins_expires_on_a_replica_set(on_replica_set, members, capsys):
    """Log-ins, wrong passwords and refresh tokens do not grow for ever."""
    run(on_replica_set, capsys, "--apply")
    seconds = {
        name: index["expireAfterSeconds"]
        for name, index in created(members)
        if "expireAfterSeconds" in index
    }
    names = ("logins", "refresh_tokens", "known_logins", "email_outbox", "login_attempts")
    assert {name: seconds[name] for name in names} == {
        "logins": 0,
        "refresh_tokens": 0,
        "known_logins": 0,
        "email_outbox": 0,
        "login_attempts": 3600,
    }


def cursor(*documents: dict[str, Any]) -> dict[str, Any]:
    """Return a cursor's only batch."""
    return {"cursor": {"id": 0, "ns": "x.y", "firstBatch": list(documents)}, "ok": 1.0}


ID = {"v": 2, "key": {"_id": 1}, "name": "_id_"}
CHANGED = {"v": 2, "key": {"expires_at": 1.0}, "name": "expires_at_1", "expireAfterSeconds": 9}


def test_index_whose_time_has_changed_is_modified(on_replica_set, members, capsys):
    members.answers["listIndexes"] = [cursor(ID, CHANGED)]
    members.answers["createIndexes"] = [
        {"ok": 0.0, "code": 85, "codeName": "IndexOptionsConflict", "errmsg": "x"}
    ]
    _, lines = run(on_replica_set, capsys)
    assert "expire    logins: expires_at_1 (documents expire 0 s after expires_at)" in lines
    step = next(
        one
        for one in plan_indexes(on_replica_set.catalogue, on_replica_set.mongo.deployment())
        if one.collection == "logins" and one.action == "expire"
    )
    step.make()
    (modified,) = members.named("collMod")
    assert modified.collection == "logins"
    assert modified.document["index"] == {
        "keyPattern": {"expires_at": 1},
        "expireAfterSeconds": 0,
    }


@pytest.mark.parametrize(("given", "sent"), [("majority", "majority"), ("2", 2)])
def test_commit_quorum_is_sent_where_members_vote(on_replica_set, members, capsys, given, sent):
    run(on_replica_set, capsys, "--apply", "--commit-quorum", given)
    queries = [
        one
        for one in members.named("createIndexes")
        if "expireAfterSeconds" not in one.document["indexes"][0]
    ]
    assert {one.document.get("commitQuorum") for one in queries} == {sent}


def test_index_that_fails_does_not_stop_the_others(on_replica_set, members, capsys):
    refused = {"ok": 0.0, "code": 67, "codeName": "CannotCreateIndex", "errmsg": "canary"}
    members.answers["createIndexes"] = [refused, DONE]
    code, lines = run(on_replica_set, capsys, "--apply")
    assert (code, [line for line in lines if line.startswith("failed")]) == (
        1,
        ["failed    logins: account_id_1 (code 67)"],
    )
    assert lines[-1].endswith("made, 1 failed")
    assert "canary" not in "".join(lines)


@pytest.mark.parametrize("text", ["0.5", "most", "-1"])
def test_commit_quorum_is_checked(text, capsys):
    with pytest.raises(SystemExit) as refused:
        parser().parse_args([f"--commit-quorum={text}"])
    assert refused.value.code == 2
    assert "should be a number, majority or votingMembers" in capsys.readouterr().err
