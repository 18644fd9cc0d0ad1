"""An app that takes its connection over: nothing of the server's follows, however the app ends."""

import contextlib
import os
import signal

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from tests.support.polling import wait_until
from tests.support.processes import gunicorn, standalone
from tests.telemetry.server.apps.handover import SWITCH
from tests.telemetry.server.raw_exchanges import RawConnection
from tests.telemetry.server.requests_as_sent.build import request

pytestmark = pytest.mark.e2e

SERVERS = {
    "gunicorn": lambda: gunicorn(app="tests.telemetry.server.apps.handover:app"),
    "standalone": lambda: standalone("tests.telemetry.server.apps.handover_standalone"),
}
WAYS = ["stop", "error", "reset", "timeout", "killed", "closed", "nothing", "response", "stream"]
WAYS += ["write", "lazy", "empty"]


def upgrade(target):
    return request(
        b"Connection: Upgrade", b"Upgrade: raw", line=b"GET " + target.encode() + b" HTTP/1.1"
    )


@pytest.fixture(scope="module", params=SERVERS)
def server(request):
    """Each server that runs an app."""
    with SERVERS[request.param]() as process:
        process.wait_until_ready()
        yield process


def taken_over(connection, target, *, asks=True):
    """Send a request and bytes of another protocol; returns what comes back until the end."""
    head = upgrade(target) if asks else request(line=b"GET " + target.encode() + b" HTTP/1.1")
    connection.send(head)
    assert connection.reader.read(len(SWITCH)) == SWITCH
    connection.send(b"calm")
    assert connection.reader.read(4) == b"calm"
    connection.socket.shutdown(1)
    return connection.rest()


def lines_of(server, target, count):
    def lines():
        found = [line for line in server.logged("request") if line["path"] == target]
        return found if len(found) >= count else None

    return wait_until(lines, what=f"{count} lines of {target}")


@pytest.mark.parametrize("path", ["/raw", "/duplicate"])
@pytest.mark.parametrize("way", WAYS)
def test_nothing_follows_a_handover_however_the_app_ends(server, path, way):
    before = server.get("/who").json["uncaught"]
    for asks in (True, False):
        with RawConnection(server.port) as connection:
            assert taken_over(connection, f"{path}/{way}", asks=asks) == b""

    lines = lines_of(server, f"{path}/{way}", 2)
    assert [line["status"] for line in lines] == [101, 101]
    assert server.get("/who").json["uncaught"] == before


@pytest.mark.parametrize("way", ["stop", "empty"])
def test_nothing_follows_a_handover_that_the_server_cannot_observe(server, way):
    before = server.get("/who").json["uncaught"]
    with RawConnection(server.port) as connection:
        assert taken_over(connection, f"/unobserved/{way}") == b""

    (line,) = lines_of(server, f"/unobserved/{way}", 1)
    assert (line["status"], line["outcome"], line["level"]) == (None, "completed", "INFO")
    assert server.get("/who").json["uncaught"] == before


def test_websocket_library_serves_and_ends(server):
    before = server.get("/who").json["uncaught"]
    client = WSConnection(ConnectionType.CLIENT)
    with RawConnection(server.port) as connection:
        connection.send(client.send(Request(host="serene.test", target="/websocket")))
        events = events_of(client, connection)
        assert isinstance(next(events), AcceptConnection)
        connection.send(client.send(TextMessage(data="breathe")))
        assert next(events).data == "breathe"
        connection.send(client.send(CloseConnection(code=1000)))
        assert isinstance(next(events), CloseConnection)
        assert connection.rest() == b""

    (line,) = lines_of(server, "/websocket", 1)
    assert (line["status"], line["route"]) == (101, "/websocket")
    assert server.get("/who").json["uncaught"] == before


def events_of(client, connection):
    while data := connection.socket.recv(65_536):
        client.receive_data(data)
        yield from client.events()


def test_socket_that_is_only_inspected_stays_the_servers(server):
    with RawConnection(server.port) as connection:
        for _ in range(2):
            connection.send(request(line=b"GET /inspect HTTP/1.1"))
            response = connection.response()
            assert response is not None
            assert (response.status, response.body) == (200, b"an ordinary response")


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("target", ["/raw/stop", "/push"])
def test_drain_ends_an_upgraded_connection_and_is_not_failed_by_it(name, target):
    with SERVERS[name]() as server, contextlib.ExitStack() as stack:
        server.wait_until_ready()
        connection = stack.enter_context(RawConnection(server.port))
        connection.send(upgrade(target))
        assert connection.reader.read(len(SWITCH)) == SWITCH
        os.kill(server.process.pid, signal.SIGTERM)
        assert connection.rest().strip(b".") == b""
        assert server.exit_code() == 0
        assert "Traceback" not in server.text
