"""Progress: a readable log in a file, one live line on a terminal."""

import io
import threading

import pytest

from stack.progress import Progress
from tests.support.polling import TIMEOUT_SECONDS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Detail(threading.Event):
    """Set once a line of the step was written, because each line calls ``detail``."""

    def detail(self) -> str:
        self.set()
        return "7 packages"


def show(stream: io.StringIO, progress: Progress) -> str:
    written = Detail()
    with progress.step("Building", written.detail):
        assert written.wait(TIMEOUT_SECONDS)
    return stream.getvalue()


def test_step_of_less_than_a_second_prints_nothing() -> None:
    stream = io.StringIO()
    with Progress(steps=1, stream=stream).step("Blinking"):
        pass
    assert stream.getvalue() == ""


def test_plain_line_has_number_name_time_and_detail() -> None:
    stream = io.StringIO()
    progress = Progress(steps=3, stream=stream, quiet_seconds=0, seconds_between=60)
    assert (
        show(stream, progress) == "[1/3] Building: 0 s, 7 packages\n[1/3] Building: done in 0 s\n"
    )
    assert show(stream, progress).splitlines()[-1] == "[2/3] Building: done in 0 s"


def test_terminal_has_one_line_that_is_overwritten() -> None:
    stream = Terminal()
    shown = show(stream, Progress(steps=1, stream=stream, quiet_seconds=0, seconds_between=60))
    assert shown == "\r\x1b[K[1/1] Building: 0 s, 7 packages\r\x1b[K[1/1] Building: done in 0 s\n"


def test_failed_step_is_reported_as_stopped() -> None:
    stream = io.StringIO()

    def fail() -> None:
        with Progress(steps=1, stream=stream, quiet_seconds=0, seconds_between=60).step("Building"):
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert stream.getvalue().endswith("[1/1] Building: stopped in 0 s\n")
