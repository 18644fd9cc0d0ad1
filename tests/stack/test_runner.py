"""A stack as a library: real backends started, broken, brought back, stopped."""

import signal
from pathlib import Path

import pymongo
import pytest

from stack import processes
from stack.errors import StackError, last_line
from stack.probes import Answer
from stack.runner import Stack
from tests.stack.test_metrics_path import eventually

pytestmark = pytest.mark.e2e


def documents(stack: Stack) -> "pymongo.collection.Collection[dict[str, object]]":
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
        stack.url("mongodb"), serverSelectionTimeoutMS=10_000
    )
    return client.get_default_database()["things"]


def test_backend_comes_up_is_found_from_elsewhere_and_stops_with_its_stack(
    tmp_path: Path, own_stack: Stack
) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    # As another command would look at it.
    other = Stack(own_stack.offset, own_stack.directory)
    pid = own_stack.pid("mongodb")
    assert pid is not None
    assert (other.pid("mongodb"), other.answer("mongodb").said) == (pid, "answers ping")
    own_stack.stop_all()
    assert (processes.identify(pid), other.pid("mongodb"), list(other.records.all())) == (
        None,
        None,
        [],
    )


def test_killed_backend_comes_back_on_the_same_port_with_its_data(own_stack: Stack) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    things = documents(own_stack)
    things.insert_one({"_id": 1})
    own_stack.stop("mongodb", signal.SIGKILL)
    assert (own_stack.pid("mongodb"), own_stack.exit_status("mongodb")) == (None, -signal.SIGKILL)
    assert own_stack.answer("mongodb").said == "does not answer (ConnectionRefusedError)"
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    assert list(things.find()) == [{"_id": 1}]
    things.database.client.close()


def test_suspended_backend_is_not_ready_until_it_goes_on(own_stack: Stack) -> None:
    own_stack.start("mongodb")
    own_stack.wait_ready("mongodb")
    own_stack.send("mongodb", signal.SIGSTOP)
    # Its threads stop one after another.
    eventually(lambda: own_stack.answer("mongodb"), Answer(False, "does not answer (TimeoutError)"))
    with pytest.raises(
        StackError,
        match=r"^mongodb is not ready after 0 s: it does not answer \(TimeoutError\); last log line: ",
    ):
        own_stack.wait_ready("mongodb", seconds=0)
    own_stack.send("mongodb", signal.SIGCONT)
    own_stack.wait_ready("mongodb")


def test_backend_that_ends_instead_of_becoming_ready_is_said_with_its_last_words(
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


def test_taken_port_is_said_before_anything_is_started(own_stack: Stack, tmp_path: Path) -> None:
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


def test_unknown_backend_is_said_with_those_there_are(own_stack: Stack) -> None:
    with pytest.raises(StackError) as raised:
        own_stack.start("redis")
    assert (
        str(raised.value)
        == "there is no backend 'redis'; there are mongodb, model, stripe-mock, service, collector, prometheus, tempo, toxiproxy"
    )
