"""`serene fault` on real processes: its errors, its states, and that each fault is undone."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from stack import paths, processes
from stack.errors import StackError
from stack.faults import commands, press
from stack.faults.catalogue import FAULTS
from stack.faults.state import States
from stack.records import Record
from stack.runner import Stack
from tests.stack.conftest import Serene
from tests.support.polling import wait_until, wait_until_equal
from tests.support.ports import stack_offset


@pytest.fixture
def stack(own_stack: Stack) -> Iterator[Stack]:
    """A stack in which a process of the test's own stands for the service, after toxiproxy."""
    own_stack.start("toxiproxy")
    own_stack.start("redis")
    for name in ("toxiproxy", "redis"):
        own_stack.wait_ready(name)
    time.sleep(0.02)  # a tick of the clock that start times are in
    with psutil.Popen(["sleep", "600"]) as stand_in:
        _record(own_stack, stand_in.pid)
        yield own_stack
        for name in press.on_now(own_stack):
            press.release(own_stack, name)
        stand_in.kill()


def _record(stack: Stack, pid: int) -> None:
    identity = processes.identify(pid)
    assert identity is not None
    stack.records.write(Record("service", pid, identity.started, workers=1))


def lines(stack: Stack) -> list[dict[str, object]]:
    return [json.loads(line) for line in stack.log_path("stack").read_text().splitlines()]


def row(stack: Stack, name: str) -> dict[str, object]:
    (found,) = [one for one in commands.rows(stack) if one["name"] == name]
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_fault_belongs_to_an_alert_a_board_and_a_runbook(name: str) -> None:
    fault = FAULTS[name]
    # It follows "off: " and ends the line.
    assert (fault.what[-1] != ".", fault.alert[0].isupper()) == (True, True)
    assert fault.board.startswith("serene-")
    assert (paths.ROOT / fault.runbook).suffix == ".md"


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["on", "none"], 1, f"unknown fault 'none'; known are {', '.join(FAULTS)}"),
        (["off", "none"], 1, f"unknown fault 'none'; known are {', '.join(FAULTS)}"),
        (["off", "slow-mongodb"], 1, "slow-mongodb is not on: see ./serene fault list"),
        (
            ["on", "slow-mongodb", "--seconds", "0"],
            2,
            "argument --seconds: '0' is not a whole number from 1 to 3500 "
            "(see: ./serene fault on --help)",
        ),
        ([], 2, "the following arguments are required: VERB (see: ./serene fault --help)"),
    ],
)
def test_bad_arguments_are_one_line(
    serene: Serene, arguments: list[str], code: int, line: str
) -> None:
    with stack_offset() as number:
        at = ["--port-offset", str(number)] if arguments else []
        done = serene("fault", *arguments, *at)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"serene: {line}\n")


@pytest.mark.e2e
def test_fault_of_a_stack_that_is_not_up_is_one_line(serene: Serene) -> None:
    with stack_offset() as number:
        at = ("--port-offset", str(number))
        pressed = serene("fault", "on", "slow-mongodb", *at)
        released = serene("fault", "off", *at)
        listed = serene("fault", "list", *at)
    line = f"serene: the service is not running at --port-offset {number}: start it with ./serene"
    assert (pressed.returncode, pressed.stdout, pressed.stderr) == (1, "", f"{line} up\n")
    assert (released.returncode, released.stdout) == (
        0,
        f"no fault is on at --port-offset {number}\n",
    )
    assert listed.returncode == 0
    for fault in FAULTS.values():
        assert fault.runbook in listed.stdout
        assert f"off: {fault.what}" in listed.stdout


@pytest.mark.e2e
def test_toxic_is_pressed_listed_and_released(stack: Stack) -> None:
    pressed = press.press(stack, "slow-mongodb", 60)
    state = row(stack, "slow-mongodb")
    assert (state["on"], state["alert"]) == (True, "DatabaseSlow")
    assert commands.shown(state).startswith("ON for ")
    assert processes.is_alive(pressed.keeper)
    with pytest.raises(StackError) as again:
        press.press(stack, "slow-mongodb")
    assert (
        str(again.value)
        == "slow-mongodb is on already: release it with ./serene fault off slow-mongodb"
    )
    press.release(stack, "slow-mongodb")
    assert (row(stack, "slow-mongodb")["on"], processes.is_alive(pressed.keeper)) == (False, False)
    assert [(one["event"], one["fault"], one["service"]) for one in lines(stack)] == [
        ("fault.on", "slow-mongodb", "serene-stack"),
        ("fault.off", "slow-mongodb", "serene-stack"),
    ]


@pytest.mark.e2e
def test_cut_proxy_refuses_connections_until_it_is_released(stack: Stack) -> None:
    proxy = ("127.0.0.1", stack.port("toxiproxy", "redis"))
    socket.create_connection(proxy, 5).close()
    press.press(stack, "failing-payments", 60)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", stack.port("toxiproxy", "stripe-mock")), 5)
    socket.create_connection(proxy, 5).close()
    press.release(stack, "failing-payments")
    socket.create_connection(("127.0.0.1", stack.port("toxiproxy", "stripe-mock")), 5).close()


@pytest.mark.e2e
def test_forgotten_fault_ends_by_itself(stack: Stack) -> None:
    press.press(stack, "dead-mongodb", 1)
    wait_until(lambda: not row(stack, "dead-mongodb")["on"], what="released after its time")
    wait_until_equal(lambda: States(stack).read("dead-mongodb"), None)
    assert lines(stack)[-1]["reason"] == "its time is over"


@pytest.mark.e2e
def test_fault_whose_keeper_was_killed_is_ended_by_the_next_command(stack: Stack) -> None:
    pressed = press.press(stack, "slow-mongodb", 2)
    processes.stop(pressed.keeper, signal.SIGKILL, seconds=5)
    wait_until(lambda: not pressed.left_seconds, what="its time")
    assert row(stack, "slow-mongodb")["on"]
    press.release_overdue(stack)
    assert not row(stack, "slow-mongodb")["on"]


@pytest.mark.e2e
def test_fault_ends_with_toxiproxy_and_can_be_released(stack: Stack) -> None:
    press.press(stack, "slow-mongodb", 60)
    stack.stop("toxiproxy", signal.SIGKILL)
    assert not row(stack, "slow-mongodb")["on"]
    press.release(stack, "slow-mongodb")
    with pytest.raises(StackError) as raised:
        press.press(stack, "slow-mongodb")
    assert str(raised.value) == (
        "toxiproxy is not running, so nothing can be put between the service and its backends:"
        " restart with ./serene down and ./serene up"
    )
    assert States(stack).read("slow-mongodb") is None


@pytest.mark.e2e
def test_service_that_connects_past_toxiproxy_is_refused(stack: Stack) -> None:
    stack.stop("toxiproxy")
    time.sleep(0.02)
    stack.start("toxiproxy")
    stack.wait_ready("toxiproxy")
    with pytest.raises(StackError) as raised:
        press.press(stack, "dead-mongodb")
    assert str(raised.value) == (
        "toxiproxy was started after the service, which connects past it: restart with"
        " ./serene down and ./serene up"
    )


@pytest.mark.e2e
def test_worker_that_does_not_answer_is_one_line(stack: Stack) -> None:
    with pytest.raises(StackError) as raised:
        press.press(stack, "memory-leak")
    port = stack.port("service", "management")
    assert str(raised.value) == (
        f"the first worker's management port 127.0.0.1:{port} does not answer (URLError):"
        " see ./serene status"
    )


@pytest.mark.e2e
def test_redis_refuses_writes_until_it_is_released(stack: Stack) -> None:
    def answer() -> bytes:
        with closing(socket.create_connection(("127.0.0.1", stack.port("redis")), 5)) as client:
            client.sendall(b"SET a b\r\n")
            return client.recv(100)

    assert answer() == b"+OK\r\n"
    press.press(stack, "read-only-redis", 60)
    assert answer().startswith(b"-READONLY ")
    assert row(stack, "read-only-redis")["on"]
    press.release(stack, "read-only-redis")
    assert answer() == b"+OK\r\n"


@pytest.mark.e2e
def test_dead_backend_comes_back_as_it_was(own_stack: Stack, tmp_path: Path) -> None:
    own_stack.start("collector", env={"LOG_QUEUE_BYTES": "1000000"})
    own_stack.wait_ready("collector")
    with psutil.Popen(["sleep", "600"]) as stand_in:
        _record(own_stack, stand_in.pid)
        before = own_stack.pid("collector")
        press.press(own_stack, "dead-collector", 60)
        assert (own_stack.pid("collector"), press.is_killed(own_stack, "collector")) == (None, True)
        assert row(own_stack, "dead-collector")["on"]
        press.release(own_stack, "dead-collector")
        pid = own_stack.pid("collector")
        stand_in.kill()
    assert pid not in (None, before)
    assert psutil.Process(pid).environ()["LOG_QUEUE_BYTES"] == "1000000"


@pytest.mark.e2e
def test_end_of_the_stack_ends_every_keeper(stack: Stack) -> None:
    pressed = press.press(stack, "slow-clients", 60)
    assert row(stack, "slow-clients")["on"]
    press.forget(stack)
    assert (processes.is_alive(pressed.keeper), list(States(stack).all())) == (False, [])
