"""`serene load`, `serene test`, `serene contract` and `serene build`: run another program."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

from stack import debian, paths, up
from stack.backends import BY_NAME, NAMES
from stack.cluster.backends import TOOLS
from stack.errors import StackError
from stack.progress import Progress
from stack.runner import Stack

_BUILDABLE = {**BY_NAME, **TOOLS}
_FAST = "not e2e and not slow"
_FAST_HALF = "tests/telemetry"
"""Tests that are about half of the fast part's processor time."""
_IN_PROCESS = "not slow and (not e2e or backend)"
"""Tests that run in pytest's own process, where coverage sees what they run."""
_WHOLE_STACKS = "tests/e2e"
"""Tests that wait for whole stacks, about as long as all the others take."""


def load(options: argparse.Namespace) -> int:
    """Run demo traffic with locust, which prints its table at the end.

    Returns: locust's exit code, 1 when a request failed.
    """
    stack = Stack(options.port_offset)
    result = stack.probe_live("service")
    if not result.ready:
        raise StackError(
            f"the service at {stack.url('service')} {result.detail}: start it with ./serene up"
        )
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(paths.MODULES / "traffic" / "locustfile.py"),
        "--headless",
        "--only-summary",
    ]
    command += [
        "--host",
        stack.url("service"),
        "--users",
        str(options.users),
        "--spawn-rate",
        str(options.users),
    ]
    command += ["--loglevel", "WARNING", "--reset-stats"]
    length = "until Ctrl-C"
    if options.duration is not None:
        command += ["--run-time", f"{options.duration}s"]
        length = f"for {options.duration} s"
    environment = os.environ | {
        "SERENE_LOAD_RATE_PER_USER": str(options.rate / options.users),
        "SERENE_LOAD_WEBHOOK_SECRET": BY_NAME["service"].environment["STRIPE_WEBHOOK_SECRET"],
    }
    what = f"{options.users} users send {options.rate:g} requests a second {length}"
    with Progress(steps=1).step(what):
        return _run_to_its_end(command, environment)


def test(options: argparse.Namespace) -> int:
    """Run the tests in parts side by side, and then those that are to run alone.

    With arguments for pytest, this process is replaced with pytest.

    Returns: the highest exit code of the parts.
    """
    arguments = [sys.executable, "-m", "pytest"]
    if options.fast:
        arguments += ["-m", _FAST]
    else:
        debian.install_missing()
        build_missing((*NAMES, *TOOLS))
    sys.stdout.flush()
    if options.pytest_arguments:
        os.chdir(paths.ROOT)
        os.execv(sys.executable, [*arguments, *options.pytest_arguments])
    paths.state_directory().mkdir(exist_ok=True)
    if options.fast:
        return _run_side_by_side(
            [[*arguments, f"--ignore={_FAST_HALF}"]], [*arguments, _FAST_HALF], []
        )
    coverage = [sys.executable, "-m", "coverage"]
    runner = [*coverage, "run", "-m", "pytest"] if options.coverage else arguments
    processes = [*arguments, "-m", f"not ({_IN_PROCESS}) and not exclusive"]
    code = _run_side_by_side(
        [[*runner, "-m", _IN_PROCESS], [*processes, f"--ignore={_WHOLE_STACKS}"]],
        [*processes, _WHOLE_STACKS],
        [[*arguments, "-m", "exclusive"]],
    )
    if options.coverage:
        _run_to_its_end([*coverage, "report", "--skip-covered"], dict(os.environ))
    return code


def contract(options: argparse.Namespace) -> int:
    """Build what is missing, then replace this process with the contract test."""
    build_missing((*BY_NAME["service"].needs, "model", "stripe-mock"))
    arguments = [sys.executable, "-m", "tests.contract", "--minutes", str(options.minutes)]
    arguments += [] if options.seed is None else ["--seed", str(options.seed)]
    arguments += ["--only", options.only] if options.only else []
    os.chdir(paths.ROOT)
    sys.stdout.flush()
    os.execv(sys.executable, arguments)


def build(options: argparse.Namespace) -> int:
    """Build these backends, or all of a stack, except those that are built."""
    unknown = [name for name in options.names if name not in _BUILDABLE]
    if unknown:
        raise StackError(f"unknown backend {unknown[0]!r}; known are {', '.join(_BUILDABLE)}")
    built = build_missing(options.names or NAMES)
    print(f"built: {', '.join(built)}" if built else "everything is built")
    return 0


def build_missing(names: Sequence[str]) -> list[str]:
    """Build these backends, each as a step of the progress; returns those that were missing."""
    backends = [_BUILDABLE[name] for name in names]
    builder = up.prepare_builder(backends)
    if builder is None:
        return []
    missing = [backend for backend in backends if not builder.is_built(backend)]
    progress = Progress(steps=len(missing))
    for backend in missing:
        up.build_in_step(builder, backend, progress)
    return [backend.name for backend in missing]


def _run_to_its_end(command: list[str], environment: dict[str, str]) -> int:
    """Run a program that handles signals itself, and return its exit code.

    Ctrl-C reaches it from the terminal.
    """
    with subprocess.Popen(
        command, cwd=paths.ROOT, env=environment, stdin=subprocess.DEVNULL
    ) as process:
        _leave_signals_to([process])
        return process.wait()


def _run_side_by_side(
    shown: list[list[str]], beside: list[str], afterwards: list[list[str]]
) -> int:
    """Run programs one after another and one beside them, and return the highest exit code.

    The output of the one beside follows that of the others. Ctrl-C reaches all from the terminal,
    and no program starts after it.

    Args:
        shown: Run one after another.
        beside: Runs at the same time as those.
        afterwards: Run one after another when all the others have ended.
    """
    log = paths.state_directory() / "tests-beside.log"
    log.unlink(missing_ok=True)  # another run may still write to it
    print(f"two parts run side by side; the second one's output follows, now in {log}", flush=True)
    with (
        log.open("w+", encoding="utf-8") as output,
        subprocess.Popen(
            beside,
            cwd=paths.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as second,
    ):
        running = [second]
        stopped = _leave_signals_to(running)
        codes = _run_in_turn(shown, running, stopped)
        codes.append(second.wait())
        running.remove(second)
        output.seek(0)
        print(output.read(), flush=True)
        codes += _run_in_turn(afterwards, running, stopped)
    return max(map(abs, codes))


def _run_in_turn(
    commands: list[list[str]], running: list[subprocess.Popen[bytes]], stopped: list[int]
) -> list[int]:
    """Run programs one after another until a signal comes, and return their exit codes."""
    codes = []
    for command in commands:
        if stopped:
            break
        with subprocess.Popen(command, cwd=paths.ROOT, stdin=subprocess.DEVNULL) as process:
            running.append(process)
            codes.append(process.wait())
            running.remove(process)
    return codes


def _leave_signals_to(processes: list[subprocess.Popen[bytes]]) -> list[int]:
    """Pass SIGTERM on, and leave SIGINT to those that get it from the terminal themselves.

    Args:
        processes: those that run, also later on.

    Returns: the signals that came so far.
    """
    received: list[int] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if number == signal.SIGTERM:
            for process in processes:
                process.send_signal(number)

    signal.signal(signal.SIGINT, pass_on)
    signal.signal(signal.SIGTERM, pass_on)
    return received
