"""Programs side by side: all run to their end, and none hides the failure of another."""

import os
import signal
import subprocess
import sys

import pytest

from stack import paths
from tests.support.polling import wait_until

SIDE_BY_SIDE = """
import sys
from stack import commands, paths
from pathlib import Path
paths.state_directory = lambda: Path(sys.argv[1])
def program(text, code):
    return [sys.executable, "-c", f"import sys; print({text!r}, flush=True); sys.exit({code})"]
sys.exit(
    commands._run_side_by_side(
        [program("first", sys.argv[2]), program("next", sys.argv[3])],
        program("beside", sys.argv[4]),
        [program("alone", sys.argv[5])],
    )
)
"""

KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ((0, 0, 0, 0), 0),
        ((0, 0, 1, 0), 1),
        ((0, 1, 0, 0), 1),
        ((1, 0, 0, 0), 1),
        ((0, 0, 0, 1), 1),
        ((2, 0, 1, 0), 2),
        ((0, 0, 5, 1), 5),
    ],
)
def test_programs_share_the_time_and_the_exit_code(tmp_path, codes, code) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path), *map(str, codes)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.splitlines()[1:] == ["first", "next", "beside", "", "alone"]
    assert (tmp_path / "tests-beside.log").read_text() == "beside\n"


def test_program_that_a_signal_ends_is_a_failure(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path), "0", "0", KILLED, "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_program_starts_after_a_signal(tmp_path, number) -> None:
    """Ctrl-C ends those that run; SIGTERM, which a terminal does not send, is passed on."""
    slept = "__import__('time').sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path), slept, "0", slept, "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("two parts run")
        assert running.stdout.readline() == "first\n"
        log = tmp_path / "tests-beside.log"
        wait_until(lambda: log.read_text() == "beside\n", what="the program beside")
        if number == signal.SIGINT:
            os.killpg(running.pid, number)
        else:
            running.send_signal(number)
        output, _ = running.communicate(timeout=30)
    assert running.returncode != 0
    assert "next" not in output
    assert "alone" not in output


FAST = """
import argparse, sys
from pathlib import Path
from stack import commands, paths
paths.state_directory = lambda: Path(sys.argv[1])
sys.exit(commands.test(argparse.Namespace(fast=True, coverage=False, pytest_arguments=[])))
"""


@pytest.mark.e2e
@pytest.mark.slow
def test_parts_of_the_fast_run_are_all_of_its_tests_and_none_twice(tmp_path) -> None:
    def collected(*command: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=paths.ROOT,
            env=os.environ | {"PYTEST_ADDOPTS": "--collect-only -q -p no:cacheprovider"},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
        return sorted(line for line in done.stdout.splitlines() if "::" in line)

    whole = collected("-m", "pytest", "-m", "not e2e and not slow")
    assert len(whole) > 1000
    assert [name for name in whole if " at 0x" in name] == [], "names differ from run to run"
    assert collected("-c", FAST, str(tmp_path)) == whole
