"""A stack as a library: real backends are started, killed, suspended, restarted and stopped."""

import signal
from pathlib import Path

import pymongo
import pytest

from stack import processes
from stack.backends import NAMES
from stack.errors import StackError, last_line
from stack.probes import ProbeResult
from stack.runner import Stack
from tests.support.polling import wait_until_equal

pytestmark = pytest.mark.e2e


def documents(stack: Stack) -> "pymongo.collection.Collection[dict[str, object]]":
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        stack.url("mongodb"), serverSelectionTimeoutMS=10_000
    )
    return client.get_default_database()["things"]


def test_started_backend_is_found_by_other_stacks_and_stops_with_its_own(
    tmp_path: Path, own_stack: Stack
) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    # As in another process.
    other = Stack(own_stack.offset, own_stack.directory)
    pid = own_stack.pid("mongodb")
    assert pid is not None
    assert (other.pid("mongodb"), other.probe_ready("mongodb").detail) == (pid, "answers ping")
    own_stack.stop_all()
    assert (processes.identify(pid), other.pid("mongodb"), list(other.records.all())) == (
        None,
        None,
        [],
    )


def test_killed_backend_restarts_on_the_same_port_with_its_data(own_stack: Stack) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    things = documents(own_stack)
    things.insert_one({"_id": 1})
    own_stack.stop("mongodb", signal.SIGKILL)
    assert (own_stack.pid("mongodb"), own_stack.exit_status("mongodb")) == (None, -signal.SIGKILL)
    assert own_stack.probe_ready("mongodb").detail == "does not answer (ConnectionRefusedError)"
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    assert list(things.find()) == [{"_id": 1}]
    things.database.client.close()


def test_suspended_backend_is_not_ready_until_it_continues(own_stack: Stack) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    own_stack.send("mongodb", signal.SIGSTOP)
    # Its threads stop one after another.
    wait_until_equal(
        lambda: own_stack.probe_ready("mongodb"),
        ProbeResult(False, "does not answer (TimeoutError)"),
    )
    with pytest.raises(
        StackError,
        match=r"^mongodb is not ready after 0 s: it does not answer \(TimeoutError\); last log ",
    ):
        own_stack.wait_ready("mongodb", seconds=0)
    own_stack.send("mongodb", signal.SIGCONT)
    own_stack.wait_ready("mongodb")


def test_backend_that_ends_before_it_is_ready_is_reported_with_its_last_log_line(
    own_stack: Stack,
) -> None:
    own_stack.start("tempo", env={"TEMPO_HTTP_PORT": "not a number"})
    with pytest.raises(StackError) as raised:
        own_stack.wait_ready("tempo")
    log = own_stack.log_path("tempo")
    last = last_line(log.read_text())
    assert (
        str(raised.value)
        == f"tempo ended with exit status 1; last log line: {last} (whole log: {log})"
    )
    assert "into int" in last


def test_running_backend_is_not_started_twice(own_stack: Stack) -> None:
    own_stack.start("toxiproxy")
    own_stack.wait_ready("toxiproxy")
    with pytest.raises(StackError) as raised:
        own_stack.start("toxiproxy")
    pid = own_stack.pid("toxiproxy")
    assert (
        str(raised.value)
        == f"toxiproxy is already running, pid {pid}: see ./serene status, or ./serene down"
    )


def test_taken_port_is_an_error_before_anything_is_started(
    own_stack: Stack, tmp_path: Path
) -> None:
    own_stack.start("toxiproxy")
    own_stack.wait_ready("toxiproxy")
    with Stack(own_stack.offset, tmp_path / "other") as other:
        with pytest.raises(StackError) as raised:
            other.start("toxiproxy")
        assert list(other.records.all()) == []
    port, pid = own_stack.port("toxiproxy"), own_stack.pid("toxiproxy")
    assert str(raised.value).startswith(
        f"port {port}, which toxiproxy needs, is taken by pid {pid} ("
    )


def test_error_of_an_unknown_backend_lists_the_known_ones(own_stack: Stack) -> None:
    with pytest.raises(StackError) as raised:
        own_stack.start("oracle")
    assert str(raised.value) == f"unknown backend 'oracle'; known are {', '.join(NAMES)}"
