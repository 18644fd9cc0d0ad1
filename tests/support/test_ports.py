"""Reserved ports: consecutive, of one process, and never one that a server listens on."""

import socket
import subprocess
import sys

import pytest

from stack.backends import every_port
from tests.support import ports

RESERVE = "from tests.support.ports import free_ports; print(*free_ports(3)); input()"


def test_ports_are_consecutive_and_reserved_once() -> None:
    reserved = [ports.free_ports(3) for _ in range(5)]
    assert all(three == list(range(three[0], three[0] + 3)) for three in reserved)
    assert len({port for three in reserved for port in three}) == 15


def test_port_that_a_server_listens_on_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    monkeypatch.setattr(ports, "FIRST", port + 1)
    monkeypatch.setattr(ports, "LAST", port + 2)
    monkeypatch.setattr(ports, "_locks", [])
    with socket.create_server(("127.0.0.1", port + 1)):
        assert ports.free_port() == port + 2


def test_another_process_gets_other_ports_until_this_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RESERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        theirs = [int(port) for port in other.stdout.readline().split()]
        monkeypatch.setattr(ports, "FIRST", theirs[0])
        monkeypatch.setattr(ports, "LAST", theirs[-1])
        assert all(ports._reserve(port) is None for port in theirs)
        other.communicate("\n", timeout=30)
    assert ports.free_ports(3) == theirs


def test_range_without_a_free_port_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    port = ports.free_port()
    monkeypatch.setattr(ports, "FIRST", port)
    monkeypatch.setattr(ports, "LAST", port)
    with pytest.raises(RuntimeError, match=f"from {port} to {port} are free$"):
        ports.free_port()


def test_stack_offsets_share_no_port_with_another_or_with_single_ports() -> None:
    with ports.stack_offset() as one, ports.stack_offset() as other:
        reserved = [port + offset for offset in (one, other) for port in every_port(8)]
        assert len(set(reserved)) == len(reserved)
        assert not set(reserved) & set(range(ports.FIRST, ports.LAST + 1))
