"""The environ is the one that gunicorn makes."""

import io

import pytest
from gunicorn.config import Config
from gunicorn.http import errors, wsgi
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gunicorn.environ import Environs, ErrorsStream
from telemetry.http1.rules import BrokenRule
from tests.telemetry.gunicorn.parsed import CONFIG, PEER, parsed
from tests.telemetry.server.requests_as_sent.valid import CLOSED, KEPT, READ

LISTENERS = [("127.0.0.1", 8000), ("::1", 8000, 0, 0), "/run/serene.sock", "/run/a:b", ""]
PROXY_LINE = {
    "proxy_protocol": "TCP4",
    "client_addr": "198.51.100.1",
    "client_port": 1,
    "proxy_addr": "198.51.100.2",
    "proxy_port": 2,
}
OURS = {"wsgi.errors", "wsgi.early_hints", "wsgi.multithread", "gunicorn.socket"}


def both(sent, listener=LISTENERS[0], peer=PEER, proxy=None):
    """Return the environ as the worker makes it, and as gunicorn does."""
    request = parsed(sent)
    request.proxy_protocol_info = proxy
    request._expected_100_continue = False
    environs = Environs(CONFIG, listener)
    connection = environs.of_connection(peer, {})
    ours = environs.of_request(connection, request)
    prepared = environs.with_headers(connection, request.headers)
    assert environs.of_request(connection, request, prepared) == ours
    _, theirs = wsgi.create(request, None, peer, listener, CONFIG)
    return [{k: v for k, v in each.items() if k not in OURS} for each in (ours, theirs)]


def test_sockets_and_proxies_name_server_and_client():
    for listener in LISTENERS:
        for peer in (PEER, ("::1", 1, 0, 0), ""):
            for proxy in (None, PROXY_LINE):
                for head in ("Host: a\r\n", "Host: a:1\r\n", "Host: [::1]:80\r\n"):
                    sent = f"GET / HTTP/1.1\r\n{head}\r\n".encode()
                    ours, theirs = both(sent, listener, peer, proxy)
                    assert ours == theirs
        ours, theirs = both(b"GET / HTTP/1.0\r\n\r\n", listener)
        assert ours == theirs


@pytest.mark.parametrize("name", KEPT | CLOSED | READ)
def test_each_valid_request_has_the_environ_of_gunicorn(name):
    ours, theirs = both((KEPT | CLOSED | READ)[name])
    assert ours == theirs


NAMES = st.sampled_from(
    [
        *("Accept", "ACCEPT", "Cookie", "X-A", "x-a", "X_A", "Content-Type", "Expect", "Via"),
        *("Transfer-Encoding", "Content-Length", "Connection", "Forwarded", "Script-Name"),
    ]
)
VALUES = st.sampled_from(["", "a", "a, b", "5", "chunked", "100-continue", "close", "é", "\t x "])
PATHS = st.text("/a%20é;?=&+", min_size=1).map(lambda text: "/" + text)


@given(st.sampled_from(["GET", "HEAD", "POST", "X-A"]), PATHS, st.lists(st.tuples(NAMES, VALUES)))
def test_generated_requests_have_the_environ_of_gunicorn(method, path, headers):
    lines = "".join(f"{name}:{value}\r\n" for name, value in headers)
    sent = f"{method} {path} HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode("latin-1")
    try:
        ours, theirs = both(sent)
    except (errors.ParseException, BrokenRule):
        return
    assert ours == theirs


def test_path_is_below_the_script_name_of_the_environment(monkeypatch):
    monkeypatch.setenv("SCRIPT_NAME", "/app")
    ours, theirs = both(b"GET /app/a%20b HTTP/1.0\r\n\r\n")
    assert (ours["SCRIPT_NAME"], ours["PATH_INFO"]) == ("/app", "/a b")
    assert ours == theirs
    with pytest.raises(errors.ConfigurationProblem):
        both(b"GET /other HTTP/1.0\r\n\r\n")


def test_connections_share_nothing_that_an_app_changes():
    environs = Environs(CONFIG, LISTENERS[0])
    connection = environs.of_connection(PEER, {})
    request = parsed(b"GET / HTTP/1.0\r\n\r\n")
    environs.of_request(connection, request)["REMOTE_ADDR"] = "changed"
    assert environs.of_request(connection, request)["REMOTE_ADDR"] == PEER[0]


def test_names_of_headers_are_kept_within_bounds():
    environs = Environs(CONFIG, LISTENERS[0])
    connection = environs.of_connection(PEER, {})
    for number in range(1000):
        request = parsed(f"GET / HTTP/1.0\r\nX-{number}: a\r\n\r\n".encode())
        assert environs.of_request(connection, request)[f"HTTP_X_{number}"] == "a"
    assert len(environs._keys) <= 512


def test_errors_go_to_the_file_that_is_open_now(monkeypatch):
    """A signal makes gunicorn open its log files anew."""
    cfg, files = Config(), [io.StringIO(), io.StringIO()]
    cfg.set("errorlog", "-")
    stream = ErrorsStream(cfg)
    for file in files:
        monkeypatch.setattr("sys.stderr", file)
        print("breathe", file=stream)
    assert [file.getvalue() for file in files] == ["breathe\n"] * 2
