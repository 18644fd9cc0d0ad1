"""`serene up` and `serene down` on real backends: foreground, detached, interrupted, crashed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from stack import paths, processes
from stack.processes import Identity
from stack.runner import Stack
from tests.stack.conftest import Serene
from tests.support.polling import TIMEOUT_SECONDS
from tests.support.ports import stack_offset

pytestmark = pytest.mark.e2e


@dataclass
class Foreground:
    """A running `serene up`, and the lines that it has printed."""

    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    def read_until(self, start: str) -> str:
        """Read up to the next line that begins with `start`, and return it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith(start):
                return self.lines[-1]
        raise AssertionError(f"no line {start!r} in {self.lines}")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait. Returns: the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end. Returns: the exit code."""
        rest, _ = self.process.communicate(timeout=TIMEOUT_SECONDS)
        self.lines += rest.splitlines()
        return self.process.returncode


@pytest.fixture
def number(serene: Serene) -> Iterator[int]:
    """A free port offset, whose stack is stopped and deleted at the end."""
    with stack_offset() as chosen:
        yield chosen
        serene("down", "--port-offset", str(chosen))
        shutil.rmtree(paths.state_directory(chosen), ignore_errors=True)


@pytest.fixture
def up(number: int) -> Iterator[Callable[..., Foreground]]:
    """Return a function that starts `serene up` at the test's offset."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Foreground:
        command = [
            sys.executable,
            str(paths.ROOT / "serene"),
            "up",
            "--port-offset",
            str(number),
            *arguments,
        ]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        running.append(process)
        return Foreground(process)

    yield start
    for process in running:
        process.terminate()
        process.communicate(timeout=TIMEOUT_SECONDS)


BOTH = ("--only", "mongodb", "toxiproxy")


def identities(number: int) -> dict[str, Identity]:
    return {record.name: record.identity for record in Stack(number).records.all()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_foreground_prints_one_table_and_its_end_stops_everything(
    up: Callable[..., Foreground], number: int, how: signal.Signals
) -> None:
    foreground = up(*BOTH)
    foreground.read_until("Ctrl-C stops everything")
    assert [re.split(" {2,}", line) for line in foreground.lines[-4:-1]] == [
        ["NAME", "URL", "STATE"],
        ["mongodb", Stack(number).url("mongodb"), "ready"],
        ["toxiproxy", Stack(number).url("toxiproxy"), "ready"],
    ]
    started = identities(number)
    assert (sorted(started), [processes.is_alive(identity) for identity in started.values()]) == (
        ["mongodb", "toxiproxy"],
        [True, True],
    )
    assert foreground.end(how) == 0
    assert (
        [processes.is_alive(identity) for identity in started.values()],
        identities(number),
    ) == ([False, False], {})


def test_crashed_backend_is_reported_in_one_line_and_by_the_exit_code(
    up: Callable[..., Foreground], number: int
) -> None:
    foreground = up(*BOTH)
    foreground.read_until("Ctrl-C stops everything")
    stack = Stack(number)
    os.kill(identities(number)["mongodb"].pid, signal.SIGKILL)
    line = foreground.read_until("serene: ")
    assert (
        line == "serene: mongodb was ended by SIGKILL; last log line: (nothing) "
        f"(whole log: {stack.log_path('mongodb')})"
    )
    assert (stack.pid("mongodb"), stack.probe_ready("toxiproxy").ready) == (None, True)
    assert foreground.end(signal.SIGINT) == 1


def test_detached_stack_is_shown_and_stopped_by_later_commands(serene: Serene, number: int) -> None:
    at = ("--port-offset", str(number))
    assert serene("up", "--detach", *BOTH, *at).returncode == 0
    status = serene("status", "--json", *at)
    backends = {state["name"]: state for state in json.loads(status.stdout)["backends"]}
    assert {name: state["state"] for name, state in backends.items()} == {
        "mongodb": "ready",
        "redis": "stopped",
        "model": "stopped",
        "stripe-mock": "stopped",
        "toxiproxy": "ready",
        "service": "stopped",
        "collector": "stopped",
        "prometheus": "stopped",
        "tempo": "stopped",
        "loki": "stopped",
        "alertmanager": "stopped",
        "notifications": "stopped",
        "viewer": "stopped",
    }
    stack = Stack(number)
    assert backends["toxiproxy"] == {
        "name": "toxiproxy",
        "url": stack.url("toxiproxy"),
        "state": "ready",
        "detail": "answers 200",
        "pid": stack.pid("toxiproxy"),
        "log": str(stack.log_path("toxiproxy")),
    }
    assert status.returncode == 0
    started = identities(number)
    assert serene("down", *at).returncode == 0
    assert [processes.is_alive(identity) for identity in started.values()] == [False, False]


def test_status_shows_a_crashed_backend(serene: Serene, number: int) -> None:
    at = ("--port-offset", str(number))
    serene("up", "--detach", *BOTH, *at)
    dead = identities(number)["mongodb"]
    processes.stop(dead, signal.SIGKILL, seconds=10)
    status = serene("status", *at)
    assert [re.split(" {2,}", line)[-1] for line in status.stdout.splitlines()] == [
        "STATE",
        "died: (nothing)",
        "ready",
    ]
    assert status.returncode == 1


def test_second_up_is_refused_and_the_first_is_unharmed(
    up: Callable[..., Foreground], serene: Serene, number: int
) -> None:
    foreground = up(*BOTH)
    foreground.read_until("Ctrl-C stops everything")
    again = serene("up", *BOTH, "--port-offset", str(number))
    line = (
        "serene: already running: mongodb, toxiproxy "
        "(see ./serene status; stop it with ./serene down)\n"
    )
    assert (again.returncode, again.stdout, again.stderr) == (1, "", line)
    assert foreground.end(signal.SIGINT) == 0


def test_down_from_another_terminal_ends_the_foreground_command(
    up: Callable[..., Foreground], serene: Serene, number: int
) -> None:
    foreground = up(*BOTH)
    foreground.read_until("Ctrl-C stops everything")
    started = identities(number)
    assert serene("down", "--port-offset", str(number)).returncode == 0
    assert foreground.wait() == 0
    assert [processes.is_alive(identity) for identity in started.values()] == [False, False]


def test_second_interrupt_kills_a_slow_backend(up: Callable[..., Foreground]) -> None:
    foreground = up("--only", "tempo")
    foreground.read_until("Ctrl-C stops everything")
    foreground.process.send_signal(signal.SIGINT)
    foreground.read_until("[1/1] Stopping tempo (Ctrl-C kills it): ")
    assert foreground.end(signal.SIGINT) == 0
    assert foreground.lines[-1] == "tempo did not end by itself and was killed"


def test_down_stops_the_backends_of_a_killed_command(
    up: Callable[..., Foreground], serene: Serene, number: int
) -> None:
    foreground = up(*BOTH)
    foreground.read_until("Ctrl-C stops everything")
    started = identities(number)
    assert foreground.end(signal.SIGKILL) == -signal.SIGKILL
    assert [processes.is_alive(identity) for identity in started.values()] == [True, True]
    assert serene("down", "--port-offset", str(number)).returncode == 0
    assert (
        [processes.is_alive(identity) for identity in started.values()],
        identities(number),
    ) == ([False, False], {})


def test_taken_port_is_one_line_and_nothing_is_started(
    serene: Serene, number: int, own_stack: Stack
) -> None:
    with Stack(number, own_stack.directory) as holder:
        holder.start("toxiproxy")
        holder.wait_ready("toxiproxy")
        done = serene("up", *BOTH, "--port-offset", str(number))
        pid, port = holder.pid("toxiproxy"), holder.port("toxiproxy")
    start = f"serene: port {port}, which toxiproxy needs, is taken by pid {pid} ("
    end = "): stop that, or start beside it with --port-offset 1000\n"
    assert (done.returncode, done.stdout, identities(number)) == (1, "", {})
    assert (done.stderr.startswith(start), done.stderr.endswith(end), done.stderr.count("\n")) == (
        True,
        True,
        1,
    )


def test_failed_start_stops_the_backends_started_before_it(serene: Serene, number: int) -> None:
    # A file in place of a folder of Tempo's data: it ends at once.
    data = paths.state_directory(number) / "data" / "tempo"
    data.parent.mkdir(parents=True)
    data.mkdir()
    (data / "wal").write_text("")
    done = serene("up", "--only", "mongodb", "tempo", "--port-offset", str(number))
    assert (done.returncode, identities(number)) == (1, {})
    last = done.stderr.splitlines()[-1]
    assert last.startswith("serene: tempo ended with exit status 1; last log line: ")
    assert last.endswith(f"(whole log: {paths.state_directory(number) / 'logs' / 'tempo.log'})")


def test_logs_are_printed_and_followed(serene: Serene, number: int) -> None:
    log = Stack(number).log_path("mongodb")
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\nthree\n")
    assert (
        serene("logs", "mongodb", "-n", "2", "--port-offset", str(number)).stdout == "two\nthree\n"
    )
    command = [
        sys.executable,
        str(paths.ROOT / "serene"),
        "logs",
        "mongodb",
        "-f",
        "--port-offset",
        str(number),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert [follower.stdout.readline() for _ in range(3)] == ["one\n", "two\n", "three\n"]
        with log.open("a") as more:
            more.write("four\n")
        assert follower.stdout.readline() == "four\n"
        # As at a new start.
        log.replace(log.with_suffix(".log.1"))
        log.write_text("five\n")
        assert follower.stdout.readline() == "five\n"
        follower.send_signal(signal.SIGINT)
    assert follower.returncode == 130
