"""Whole lines or none, whatever standard output is; what is lost is counted and reported once."""

import errno
import fcntl
import os
import pty
import socket
import time
from collections import Counter

import pytest
from gevent import monkey

from telemetry.guard import Guard
from telemetry.logs import LogWriter
from telemetry.logs.output import Output
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.telemetry.logs.strict_json import read_lines

# gevent closes a descriptor later, when its hub has turned.
close = monkey.get_original("os", "close")
real_sleep = monkey.get_original("time", "sleep")


class Writing:
    """A writer on a file descriptor, and what it lost by reason."""

    def __init__(self, fd, **named):
        self.lost = Counter()
        guard = Guard(strict=True, on_error=pytest.fail)
        self.writer = LogWriter(fd, guard, self._lose, **named)

    def _lose(self, reason):
        self.lost[reason] += 1

    def write(self, count, **members):
        for number in range(count):
            self.writer.write({"number": number, **members})


class LateReader:
    """Reads a file descriptor from a native thread, after a while."""

    def __init__(self, fd, late_seconds=0.3, chunk=4096, pause_seconds=0.0):
        self.data = b""
        self._given = (fd, late_seconds, chunk, pause_seconds)
        self._ended = False
        monkey.get_original("_thread", "start_new_thread")(self._read, ())

    def _read(self):
        fd, late_seconds, chunk, pause_seconds = self._given
        real_sleep(late_seconds)
        read = monkey.get_original("os", "read")
        while True:
            try:
                part = read(fd, chunk)
            except OSError as error:
                if error.errno == errno.EIO:  # a terminal whose other side is closed
                    break
                raise
            if not part:
                break
            self.data += part
            real_sleep(pause_seconds)
        self._ended = True

    def lines(self):
        wait_until(lambda: self._ended)
        return read_lines(self.data.replace(b"\r\n", b"\n"))


def pipe(*, blocking):
    reader, writer = os.pipe()
    os.set_blocking(writer, blocking)
    return reader, writer


def small_pipe():
    reader, writer = pipe(blocking=False)
    fcntl.fcntl(writer, 1031, 4096)  # F_SETPIPE_SZ
    return reader, writer


def sockets(*, blocking):
    reader, writer = socket.socketpair()
    writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    ends = reader.detach(), writer.detach()
    os.set_blocking(ends[0], True)
    os.set_blocking(ends[1], blocking)
    return ends


def terminal():
    reader, writer = pty.openpty()
    return reader, writer


OUTPUTS = [
    ("a pipe", lambda: pipe(blocking=True)),
    ("a non-blocking pipe", lambda: pipe(blocking=False)),
    ("a pipe of one page", small_pipe),
    ("a socket", lambda: sockets(blocking=True)),
    ("a non-blocking socket", lambda: sockets(blocking=False)),
    ("a terminal", terminal),
]


@pytest.mark.parametrize("opened", [case[1] for case in OUTPUTS], ids=[c[0] for c in OUTPUTS])
@pytest.mark.parametrize("size", [10, 1000, 20_000])
def test_reader_that_is_late_gets_every_line_whole(opened, size):
    count = 400 if size < 20_000 else 40
    reader_fd, writer_fd = opened()
    late = LateReader(reader_fd)
    writing = Writing(writer_fd)
    writing.writer.start()
    writing.write(count, text="x" * size)
    writing.writer.stop(timeout_seconds=PATIENCE_SECONDS)
    close(writer_fd)
    assert [line["number"] for line in late.lines()] == list(range(count))
    assert writing.lost == {}
    close(reader_fd)


def test_reader_that_is_late_gets_the_lines_before_the_start_too():
    reader_fd, writer_fd = pipe(blocking=False)
    late = LateReader(reader_fd, late_seconds=0.2)
    writing = Writing(writer_fd)
    writing.write(150, text="x" * 1000)  # twice what the pipe holds
    close(writer_fd)
    assert [line["number"] for line in late.lines()] == list(range(150))
    assert writing.lost == {}
    close(reader_fd)


@pytest.mark.parametrize("blocking", [True, False])
def test_reader_that_never_reads_delays_each_stage_by_its_bound(blocking):
    reader_fd, writer_fd = pipe(blocking=blocking)
    writing = Writing(writer_fd)
    began = time.monotonic()
    writing.write(200, text="x" * 1000)
    writing.writer.start()
    writing.write(200, text="x" * 1000)
    writing.writer.stop(timeout_seconds=0.3)
    writing.write(200, text="x" * 1000)
    assert time.monotonic() - began < PATIENCE_SECONDS
    os.set_blocking(reader_fd, False)
    arrived = os.read(reader_fd, 1 << 20)
    whole = arrived.count(b"\n")
    read_lines(arrived[: arrived.rfind(b"\n") + 1])
    # Of a batch that the thread was writing, nobody knows yet what it will come to.
    assert 600 - 64 <= whole + writing.lost.total() <= 600
    close(reader_fd)
    close(writer_fd)


GONE = [
    ("a pipe without a reader", "closed"),
    ("a full disk", "no_space"),
    ("a closed number", "closed"),
    ("a file for reading", "closed"),
    ("a listening socket", "closed"),
    ("a client's connection", "closed"),
    ("a socket without its other end", "closed"),
]


def gone(kind):
    """A descriptor of that kind, and what must be kept open for it."""
    if kind == "a pipe without a reader":
        reader, writer = os.pipe()
        close(reader)
        fd = writer
    elif kind == "a full disk":
        fd = os.open("/dev/full", os.O_WRONLY)
    elif kind == "a file for reading":
        fd = os.open("/dev/null", os.O_RDONLY)
    elif kind == "a closed number":
        fd = os.open("/dev/null", os.O_WRONLY)
        close(fd)
    elif kind == "a socket without its other end":
        reader, writer = socket.socketpair()
        reader.close()
        fd = writer.detach()
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        if kind == "a listening socket":
            return listener.fileno(), [listener]
        client = socket.create_connection(listener.getsockname())
        served, _ = listener.accept()
        return served.fileno(), [listener, client, served]
    return fd, []


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize(("kind", "reason"), GONE, ids=[case[0] for case in GONE])
def test_output_that_takes_nothing_loses_lines_by_reason_and_nothing_else(kind, reason, started):
    fd, kept = gone(kind)
    writing = Writing(fd)
    if started:
        writing.writer.start()
    writing.write(10)
    writing.writer.stop()
    assert writing.lost == {reason: 10}
    if len(kept) == 3:
        kept[1].setblocking(False)
        with pytest.raises(BlockingIOError):
            kept[1].recv(1)
    for each in kept:
        each.close()


def test_number_that_the_program_closes_and_reuses_gets_no_line():
    reader_fd, writer_fd = os.pipe()
    writing = Writing(writer_fd)
    writing.writer.start()
    close(writer_fd)
    other_reader, other_writer = os.pipe()
    assert writer_fd in (other_reader, other_writer)
    writing.write(3)
    writing.writer.stop()
    assert [line["number"] for line in read_lines(os.read(reader_fd, 1 << 16))] == [0, 1, 2]
    os.set_blocking(other_reader, False)
    with pytest.raises(BlockingIOError):
        os.read(other_reader, 1)
    for fd in (reader_fd, other_reader, other_writer):
        close(fd)


def test_lost_lines_are_reported_once_when_the_output_works_again():
    full = os.open("/dev/full", os.O_WRONLY)
    writing = Writing(full, members={"service": "shop"})
    writing.write(4)
    reader_fd, writer_fd = os.pipe()
    os.dup2(writer_fd, full)
    writing.write(2)
    first, report, second = read_lines(os.read(reader_fd, 1 << 16))
    assert report.pop("time").endswith("Z")
    assert (first, second) == ({"number": 0}, {"number": 1})
    assert report == {
        "level": "ERROR",
        "logger": "telemetry.logs",
        "message": "log lines were lost",
        "lost": {"no_space": 4},
        "service": "shop",
    }
    for fd in (full, reader_fd, writer_fd):
        close(fd)


def test_lines_that_the_queue_refused_are_reported_by_the_thread():
    reader_fd, writer_fd = pipe(blocking=False)
    late = LateReader(reader_fd, late_seconds=0.5)
    writing = Writing(writer_fd, queue_lines=100)
    writing.writer.start()
    writing.write(1000, text="x" * 4000)
    wait_until(lambda: b"lines were lost" in late.data)
    writing.writer.stop(timeout_seconds=PATIENCE_SECONDS)
    close(writer_fd)
    *lines, report = late.lines()
    assert report["lost"] == {"queue_full": writing.lost["queue_full"]}
    assert len(lines) + writing.lost.total() == 1000
    close(reader_fd)


def test_line_that_the_disk_cut_is_finished_before_the_next(tmp_path, monkeypatch):
    # A disk that takes 7 bytes, is full, and then takes all.
    path = tmp_path / "log"
    taken = iter([7, OSError(errno.ENOSPC, "full"), OSError(errno.ENOSPC, "full")])
    with path.open("wb", buffering=0) as file:
        output = Output(file.fileno())

        def write(fd, data):
            most = next(taken, len(data))
            if isinstance(most, OSError):
                raise most
            return os.write(fd, data[:most])

        monkeypatch.setattr(output, "_write", write)
        lines = [b'{"number":1}\n', b'{"number":2}\n', b'{"number":3}\n']
        assert output.write(lines, lambda: False, blocking=True) == (2, "no_space")
        assert output.is_cut
        assert output.write([b'{"number":4}\n'], lambda: False, blocking=True) == (1, "no_space")
        assert output.write([b'{"number":5}\n'], lambda: False, blocking=True)[0] == 0
    assert [line["number"] for line in read_lines(path.read_bytes())] == [1, 5]


@pytest.mark.slow
def test_lines_of_several_processes_do_not_mix_in_a_slow_pipe():
    reader_fd, writer_fd = pipe(blocking=False)
    children = []
    for name in ("a", "b", "c"):
        child = os.fork()
        if not child:
            code = 1
            try:
                writing = Writing(writer_fd)
                writing.writer.start()
                writing.write(300, name=name, text="x" * 700)
                writing.writer.stop(timeout_seconds=PATIENCE_SECONDS)
                code = len(writing.lost)
            finally:
                os._exit(code)
        children.append(child)
    close(writer_fd)
    late = LateReader(reader_fd, chunk=1000, pause_seconds=0.0002)
    lines = late.lines()
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    for name in ("a", "b", "c"):
        assert [line["number"] for line in lines if line["name"] == name] == list(range(300))
    close(reader_fd)


def test_hub_is_not_held_while_the_pipe_is_full():
    reader_fd, writer_fd = pipe(blocking=False)
    writing = Writing(writer_fd)
    writing.writer.start()
    writing.write(400, text="x" * 1000)
    for _ in range(50):
        time.sleep(0.001)  # a turn of the hub, which a write that waits would hold
    assert writing.lost == {}
    late = LateReader(reader_fd, late_seconds=0)
    writing.writer.stop(timeout_seconds=PATIENCE_SECONDS)
    close(writer_fd)
    assert len(late.lines()) == 400
    close(reader_fd)
