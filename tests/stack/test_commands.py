"""Two programs side by side: both run to their end, and neither hides the failure of the other."""

import signal
import subprocess
import sys

import pytest

SIDE_BY_SIDE = """
import sys
from stack import commands, paths
from pathlib import Path
paths.state_directory = lambda: Path(sys.argv[1])
def program(text, code):
    return [sys.executable, "-c", f"import sys; print({text!r}, flush=True); sys.exit({code})"]
sys.exit(commands._run_side_by_side(program("first", sys.argv[2]), program("second", sys.argv[3])))
"""

KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"


@pytest.mark.parametrize(
    ("first", "second", "code"), [(0, 0, 0), (0, 1, 1), (1, 0, 1), (2, 1, 2), (0, 5, 5)]
)
def test_two_programs_share_the_time_and_the_exit_code(tmp_path, first, second, code) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path), str(first), str(second)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.splitlines()[1:] == ["first", "second", ""]
    assert (tmp_path / "tests-beside.log").read_text() == "second\n"


def test_program_that_a_signal_ends_is_a_failure(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path), "0", KILLED],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == signal.SIGKILL
