"""The socket of the management port: its own by slot, or one that is inherited."""

import os
import socket

import pytest

from telemetry.config import SettingError, TelemetryConfig
from telemetry.guard import Guard
from telemetry.management import Management
from telemetry.metrics import Metrics
from tests.telemetry.management.clients import connect, get, serving

HEALTH = b"GET /health/liveness HTTP/1.1\r\nHost: x\r\n\r\n"


def test_taken_port_is_one_line_that_names_the_setting():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingError) as raised,
            serving(config=TelemetryConfig(management_port=port - 1, slot=1)),
        ):
            pass
    assert str(raised.value) == (
        f"TELEMETRY_MANAGEMENT_PORT={port - 1}: "
        f"cannot listen on 127.0.0.1:{port} for slot 1 (Address already in use); "
        "set another port, 0 for any free one, or another TELEMETRY_MANAGEMENT_HOST"
    )


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 65535), ("no.such.host.invalid", 9464), ("203.0.113.1", 9464)]
)
def test_address_that_cannot_be_had_is_one_line(host, port):
    with pytest.raises(
        SettingError,
        match=r"TELEMETRY_MANAGEMENT_PORT=\d+: cannot listen on .*TELEMETRY_MANAGEMENT_HOST$",
    ) as raised:
        Management(
            TelemetryConfig(management_host=host, management_port=port, slot=3), **parts()
        ).start()
    assert "\n" not in str(raised.value)


def parts():
    return {
        "metrics": Metrics(),
        "guard": Guard(strict=True, on_error=print),
        "health_verdicts": {},
        "in_flight": tuple,
    }


def test_slot_is_added_to_the_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving(config=TelemetryConfig(management_port=port - 5, slot=5)) as management:
        assert management.port == port
        assert get(management, "/health/liveness")[0] == 200


def test_inherited_socket_is_served_and_given_back():
    with socket.create_server(("127.0.0.1", 0)) as owned:
        descriptor = os.dup(owned.fileno())
        with serving(config=TelemetryConfig(management_fd=descriptor)) as management:
            assert management.port == owned.getsockname()[1]
            assert get(management, "/health/liveness")[0] == 200
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
        # Its owner can hand it to a successor.
        with serving(config=TelemetryConfig(management_fd=os.dup(owned.fileno()))) as successor:
            assert get(successor, "/health/liveness")[0] == 200


def test_two_processes_may_accept_from_one_socket():
    with socket.create_server(("127.0.0.1", 0)) as owned:
        configs = [TelemetryConfig(management_fd=os.dup(owned.fileno())) for _ in range(2)]
        with serving(config=configs[0]) as one, serving(config=configs[1]):
            assert [get(one, "/health/liveness")[0] for _ in range(50)] == [200] * 50
        with serving(config=TelemetryConfig(management_fd=os.dup(owned.fileno()))) as last:
            assert get(last, "/health/liveness")[0] == 200


def test_descriptor_that_is_no_listening_socket_is_one_line():
    read, write = os.pipe()
    with socket.socket() as unbound:
        for descriptor, why in [
            (read, " (Socket operation on non-socket)"),
            (unbound.fileno(), ""),
            (9999, " (Bad file descriptor)"),
        ]:
            with pytest.raises(SettingError) as raised:
                Management(TelemetryConfig(management_fd=descriptor), **parts()).start()
            assert (
                str(raised.value)
                == f"TELEMETRY_MANAGEMENT_FD={descriptor}: should be a listening socket{why}"
            )
            if descriptor != 9999:
                os.fstat(descriptor)
    os.close(read)
    os.close(write)


def test_ipv6_is_served():
    with serving(config=TelemetryConfig(management_host="::1", management_port=0)) as management:
        assert connect(management, "::1").send(HEALTH).answer()[0] == 200
