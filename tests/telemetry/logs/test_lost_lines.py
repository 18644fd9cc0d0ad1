"""Lines that cannot be written: counted by reason, reported once, and never in the wrong place."""

import errno
import os
import socket

import pytest

from telemetry.logs.output import Output
from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.telemetry.logs.strict_json import read_lines
from tests.telemetry.logs.writing import LateReader, Writing, close, pipe

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
