"""Whole lines, whatever standard output is and however late its reader."""

import fcntl
import os
import pty
import socket
import time

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.telemetry.logs.strict_json import read_lines
from tests.telemetry.logs.writing import LateReader, Writing, close, pipe


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
