"""Where a request comes from, through the real servers: IPv6, Unix sockets, forwarding headers."""

import contextlib
import json
import os
import socket
import tempfile
import uuid
from pathlib import Path

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.support.polling import wait_until
from tests.support.processes import SERVERS
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e

MODULE = "tests.telemetry.server.apps.origin"
CLIENT = "203.0.113.7"
V9 = "11111111-2222-9333-8444-555555555555"
UNTRUSTED_UNIX = "listening on a Unix socket whose peers are not trusted"

FORWARDED = {
    # spellings of the client's address
    "X-Forwarded-For: 203.0.113.7": CLIENT,
    "X-Forwarded-For: 203.0.113.7:51234": CLIENT,
    "X-Forwarded-For: [2001:db8::7]:443": "2001:db8::7",
    'X-Forwarded-For: "203.0.113.7"': CLIENT,
    "X-Forwarded-For: 203.0.113.7,": CLIENT,
    "X-Forwarded-For: 203.0.113.7:1, 127.0.0.9:443": CLIENT,
    "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 203.0.113.7": CLIENT,
    "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 127.0.0.9": CLIENT,
    "X-Forwarded-For: unknown": "127.0.0.1",
    'Forwarded: for="203.0.113.7:51234"': CLIENT,
    'Forwarded: for="\r\nForwarded: for=203.0.113.7': CLIENT,
    # a client's underscores are not a header of the proxy
    "X_Forwarded_For: 1.2.3.4\r\nX-Forwarded-For: 203.0.113.7": CLIENT,
    "X_Forwarded_For: 1.2.3.4": "127.0.0.1",
}

HOST = "http://serene.test/origin"
URLS = {
    "X-Forwarded-Proto: https\r\nX-Forwarded-Protocol: https": "https://serene.test/origin",
    "X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off": "https://serene.test/origin",
    "X-Forwarded-Proto: http\r\nX-Forwarded-Ssl: on": HOST,
    "X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http": HOST,
    "X-Forwarded-Protocol: ssl": "https://serene.test/origin",
    "X-Forwarded-Scheme: https": "https://serene.test/origin",
    "X-Forwarded-Host: calm.example\r\nX-Forwarded-Port: 8443": "http://calm.example:8443/origin",
    "X-Forwarded-Prefix: /calm": "http://serene.test/calm/origin",
    "X-Forwarded-Prefix: //evil.example": HOST,
    "Forwarded: proto=https;host=calm.example": "https://calm.example/origin",
    "SCRIPT_NAME: /calm": HOST,
    "PATH_INFO: /who": HOST,
    "REMOTE_USER: root": HOST,
}


def ask(address, *headers, bound=None):
    """Send a request to ``/origin`` and return status, headers and JSON.

    Args:
        address: Of the server: host and port, or the path of a Unix socket.
        headers: Lines of the head.
        bound: Name that the client's own end is bound to.
    """
    family = socket.AF_UNIX if isinstance(address, str) else 0
    if not family:
        family, *_, address = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        if bound:
            connection.bind(bound)
        connection.connect(address)
        head = ["GET /origin HTTP/1.1", "Host: serene.test", "Connection: close", *headers]
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines)
    if fields.get("Transfer-Encoding") == "chunked":
        body = body.split(b"\r\n")[1]
    return int(status.split()[1]), fields, json.loads(body)


@contextlib.contextmanager
def serving(kind, host, *options, **environ):
    """Run the app at a host; yields the process and the address to connect to."""
    arguments = {"gunicorn": {"app": f"{MODULE}:app"}, "standalone": {"module": MODULE}}[kind]
    with SERVERS[kind](*options, **arguments, SERENE_HOST=host, **environ) as server:
        address = host.removeprefix("unix:") if host.startswith("unix:") else None
        if address:
            wait_until(lambda: Path(address).is_socket(), what="the socket")
            wait_until(
                lambda: ask(address)[0] == 200, what="an answer", retry_on=(OSError, IndexError)
            )
        else:
            server.wait_until_ready()
        yield server, address or ("127.0.0.1", server.port)


def ipv6(kind):
    """Listening on ``::``; IPv4 clients are trusted, IPv6 ones are not."""
    with serving(kind, "::", TELEMETRY_TRUSTED_PROXIES="127.0.0.0/8") as (server, address):
        addresses = {lines: ask(address, lines)[2]["address"] for lines in FORWARDED}
        urls = {lines: (answer := ask(address, lines))[0] and answer[2]["url"] for lines in URLS}
        other = ask(("::1", server.port), "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https")
        status, fields, _ = ask(address, f"X-Request-ID: {V9}")
        request_id = fields["X-Request-ID"]
        line = wait_until(
            lambda: next(
                (each for each in server.lines if each.get("request_id") == request_id), None
            ),
            what="the line",
        )
        return {
            "addresses": addresses,
            "urls": urls,
            "untrusted": (other[2]["address"], other[2]["url"]),
            "id": (status, uuid.UUID(request_id).version, V9 in str(fields)),
            "line": (line["client_address"], line["correlation_ids"]),
            "logged": {each["client_address"] for each in server.logged("request")},
        }


@scenarios((ipv6, "gunicorn"), (ipv6, "standalone"))
def test_peer_with_a_mapped_address_is_trusted_and_its_headers_are_read(outcome):
    assert outcome == {
        "addresses": FORWARDED,
        "urls": URLS,
        "untrusted": ("::1", HOST),
        "id": (200, 4, False),
        "line": ("127.0.0.1", [V9]),
        "logged": {"127.0.0.1", "::1", *FORWARDED.values()},
    }


def unix(kind, trusted):
    """Listening on a Unix socket."""
    with tempfile.TemporaryDirectory() as directory:
        host = f"unix:{directory}/serene.sock"
        with serving(kind, host, TELEMETRY_TRUSTED_PROXIES=trusted) as (server, address):
            answers = [ask(address, lines)[2]["address"] for lines in FORWARDED]
            # The name that a client gives to its own end is no address.
            with contextlib.chdir(directory):
                named = ask("serene.sock", "X-Forwarded-For: 1.2.3.4", bound="127.0.0.1")
                os.unlink("127.0.0.1")
            warnings = server.logged(UNTRUSTED_UNIX)
            server.process.terminate()
            return {
                "addresses": answers,
                "named": named[2]["address"],
                "warnings": [each["level"] for each in warnings],
                "exit code": server.exit_code(),
                "left": sorted(os.listdir(directory)),
            }


@scenarios((unix, "gunicorn", "unix"), (unix, "standalone", "unix"))
def test_peer_of_a_unix_socket_may_be_trusted(outcome):
    assert outcome == {
        "addresses": [
            # The peer has no address of its own; 127.0.0.9 is not trusted here.
            {"127.0.0.1": "unix"}.get(address, address) if "127.0.0.9" not in lines else "127.0.0.9"
            for lines, address in FORWARDED.items()
        ],
        "named": "1.2.3.4",
        "warnings": [],
        "exit code": 0,
        "left": [],
    }


@scenarios((unix, "gunicorn", "127.0.0.0/8"), (unix, "standalone", "127.0.0.0/8"))
def test_peer_of_a_unix_socket_is_not_trusted_without_the_setting_and_a_line_warns(outcome):
    assert outcome == {
        "addresses": ["unix"] * len(FORWARDED),
        "named": "unix",
        "warnings": ["WARNING"],
        "exit code": 0,
        "left": [],
    }


def left_behind(kind):
    """The socket's file of a killed process is replaced; one in use, or another file, is not."""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/serene.sock"
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as ended:
            ended.bind(path)
        with serving(kind, f"unix:{path}") as (_, address):
            status = ask(address)[0]
            with SERVERS[kind](module=MODULE, SERENE_HOST=f"unix:{path}") as second:
                in_use = (second.exit_code(), second.text.splitlines()[-1].replace(path, "PATH"))
            alive = ask(address)[0]
        Path(path).unlink(missing_ok=True)
        Path(path).write_text("not a socket")
        with SERVERS[kind](module=MODULE, SERENE_HOST=f"unix:{path}") as third:
            other = third.exit_code()
        return status, in_use, alive, other, Path(path).read_text()


@scenarios((left_behind, "standalone"))
def test_socket_of_an_ended_process_is_replaced_and_nothing_else_is(outcome):
    line = "slow cannot listen on unix:PATH: Address already in use; set its host to another path"
    status, (code, last), alive, other, text = outcome
    assert (status, code, alive, other, text) == (200, 1, 200, 1, "not a socket")
    assert last.endswith(line.partition(" ")[2])


def overruled():
    """gunicorn's own settings name everyone, and let every header through."""
    options = ("--forwarded-allow-ips", "*", "--header-map", "dangerous")
    environ = {"FORWARDED_ALLOW_IPS": "*", "TELEMETRY_TRUSTED_PROXIES": "192.0.2.0/24"}
    lines = (
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n"
        "SCRIPT_NAME: /calm"
    )
    with serving("gunicorn", "127.0.0.1", *options, **environ) as (server, address):
        status, _, body = ask(address, lines)
        server.process.terminate()
        code = server.exit_code()
        return (
            status,
            body,
            code,
            [each["message"] for each in server.logged("gunicorn's")],
            [each["message"] for each in server.logged("FORWARDED_ALLOW_IPS")],
        )


@scenarios((overruled,))
def test_settings_of_gunicorn_about_proxies_are_overruled_and_named(outcome):
    status, body, code, notices, variables = outcome
    assert (status, code) == (200, 0)
    assert body == {"address": "127.0.0.1", "url": HOST, "path": "/origin"}
    assert notices == [
        "gunicorn's header_map='dangerous' would let clients forge headers: it is 'drop'"
    ]
    assert variables == [
        "FORWARDED_ALLOW_IPS has no effect: TELEMETRY_TRUSTED_PROXIES names the proxies whose "
        "headers count"
    ]
