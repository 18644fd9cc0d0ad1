"""The command of the container: its output on standard output and in a bounded file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stack.output_log import OutputLog
from tests.support.polling import TIMEOUT_SECONDS, wait_until

PROGRAM = Path(__file__).resolve().parents[2] / "stack" / "output_log.py"


def start(log: Path, most_bytes: int, program: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [
            *(sys.executable, str(PROGRAM), str(log), str(most_bytes)),
            *(sys.executable, "-c", program),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )


def run(log: Path, most_bytes: int, program: str) -> tuple[int, bytes]:
    process = start(log, most_bytes, program)
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    return process.returncode, output


def test_both_outputs_go_to_standard_output_and_to_the_file(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("of an earlier start\n")
    program = "import os; os.write(1, b'one\\n'); os.write(2, b'two\\n'); os._exit(3)"
    assert run(log, 10**6, program) == (3, b"one\ntwo\n")
    assert log.read_text() == "of an earlier start\none\ntwo\n"


def test_full_file_is_renamed_between_two_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = "for number in range(100): print(f'{number:09}', flush=True)"
    status, output = run(log, 600, program)
    assert (status, len(output)) == (0, 1000)
    before, now = (tmp_path / "log.1").read_bytes(), log.read_bytes()
    assert output.endswith(before + now)
    assert (before[-1:], len(before) % 10, len(now) % 10) == (b"\n", 0, 0)
    # A renamed one has what was read at once on top.
    assert 600 <= len(before) <= 1000


def test_signal_reaches_the_command_and_its_last_lines_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = (
        "import signal, sys\n"
        "def end(*_):\n    print('last', flush=True)\n    sys.exit(7)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    process = start(log, 10**6, program)
    wait_until(lambda: log.exists() and log.read_text() == "ready\n", what="the command to run")
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, output) == (7, b"ready\nlast\n")
    assert log.read_text() == "ready\nlast\n"


def test_killed_command_is_reported_as_a_shell_does(tmp_path: Path) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert run(tmp_path / "log", 10**6, program) == (128 + signal.SIGKILL, b"")


def test_process_left_behind_does_not_keep_the_container_running(tmp_path: Path) -> None:
    program = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)"
    process = start(tmp_path / "log", 10**6, program)
    assert process.stdout is not None
    with process.stdout:
        left_behind = int(process.stdout.readline())
        try:
            assert process.wait(TIMEOUT_SECONDS) == 0
        finally:
            os.kill(left_behind, signal.SIGKILL)


def test_what_a_full_disk_does_not_take_is_reported_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = OutputLog(tmp_path / "log", 10**6)
    log.write(b"one\n")
    full = os.open("/dev/full", os.O_WRONLY)
    kept = os.dup(log._file.fileno())
    os.dup2(full, log._file.fileno())
    log.write(b"two\n")
    os.dup2(kept, log._file.fileno())
    log.write(b"three\n")
    log.close()
    os.close(full)
    os.close(kept)
    one, empty, report, three = (tmp_path / "log").read_text().splitlines()
    assert (one, empty, three) == ("one", "", "three")
    assert '"lost_bytes": 4}' in report
