"""Requests within the rules are understood alike by each server, and so is the end of each."""

import time

import pytest

from tests.telemetry.server.raw_exchanges import RawConnection
from tests.telemetry.server.requests_as_sent.build import (
    CANARY,
    HOST,
    PATH,
    SECOND,
    first,
    post,
    request,
)
from tests.telemetry.server.requests_as_sent.valid import CLOSED, KEPT, READ

pytestmark = pytest.mark.e2e

SECOND_LAST = SECOND.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("name", KEPT)
def test_request_within_the_rules_is_answered_and_the_connection_serves_another(server, name):
    sent = KEPT[name]
    with RawConnection(server.port) as connection:
        response = connection.send(sent).response(head_only=sent.startswith(b"HEAD"))
        assert response is not None
        assert response.status == (204 if sent.startswith(b"OPTIONS") else 200)
        assert response.headers.get("Connection", "keep-alive") == "keep-alive"
        second = connection.send(SECOND_LAST).response()
        assert second is not None
        assert (second.status, second.headers["Connection"], connection.rest()) == (
            200,
            "close",
            b"",
        )


@pytest.mark.parametrize("name", CLOSED)
def test_connection_ends_after_a_request_that_asks_for_it(server, name):
    with RawConnection(server.port) as connection:
        response = connection.send(CLOSED[name] + SECOND).response()
        assert response is not None
        assert (response.status, response.headers["Connection"], connection.rest()) == (
            200,
            "close",
            b"",
        )


def test_http_1_0_connection_is_kept_where_the_client_asks_for_it(server):
    with RawConnection(server.port) as connection:
        for _ in range(2):
            sent = request(b"Connection: Keep-Alive", line=b"GET " + PATH + b" HTTP/1.0")
            response = connection.send(sent).response()
            assert response is not None
            assert (response.status, response.headers["Connection"]) == (200, "keep-alive")


@pytest.mark.parametrize("name", READ)
def test_body_ends_where_its_framing_ends(app_server, name):
    with RawConnection(app_server.port) as connection:
        response = connection.send(READ[name] + SECOND_LAST).response()
        assert response is not None
        expected = {
            "no body": "",
            "no chunks": "",
            "size with capital letters": "hellohello",
            "body that resembles a request": SECOND.decode(),
        }.get(name, "hello")
        assert (response.status, response.json["body"]) == (200, expected)
        second = connection.response()
        assert second is not None
        assert (second.status, second.json["query"], connection.rest()) == (200, "second", b"")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (first(target=b"http://other.test:81" + PATH + b"?a"), {"host": "other.test:81"}),
        (first(target=b"http://other.test" + PATH), {"host": "other.test", "path": PATH.decode()}),
        (request(b"X_Forwarded_For: 203.0.113.7"), {"forwarded_for": None}),
        (
            request(b"X-Forwarded-For: 203.0.113.7", b"X_Forwarded_For: 203.0.113.8"),
            {"forwarded_for": "203.0.113.7"},
        ),
        (request(b"Cookie: a=1", b"Cookie: b=2"), {"cookie": "a=1; b=2"}),
        (first(version=b"HTTP/1.7"), {"protocol": "HTTP/1.1"}),
        (first(target=b"/health/%6civeness"), {"path": PATH.decode()}),
    ],
)
def test_app_sees_what_the_client_asked_for(app_server, sent, expected):
    with RawConnection(app_server.port) as connection:
        response = connection.send(sent).response()
        assert response is not None
        assert (response.status, response.json | expected) == (200, response.json)


def test_head_that_arrives_byte_by_byte_is_read(server):
    with RawConnection(server.port) as connection:
        for byte in b"\r\n" + SECOND:
            connection.send(bytes([byte]))
        response = connection.response()
        assert response is not None
        assert response.status == 200


@pytest.mark.parametrize("method", [b"FOO", b"A", b"A" * 300, b"PROPFIND", b"M-SEARCH", b"PRI"])
def test_unknown_method_is_the_apps_matter(server, method):
    with RawConnection(server.port) as connection:
        response = connection.send(first(method=method)).response()
        assert response is not None
        assert response.status == 405
        assert "GET" in response.headers["Allow"]


def test_expectation_is_ignored_in_http_1_0(app_server):
    sent = post(b"Expect: 100-continue", b"Content-Length: 5", body=b"hello", version=b"HTTP/1.0")
    with RawConnection(app_server.port) as connection:
        response = connection.send(sent).response()
        assert response is not None
        assert (response.status, response.json["body"], connection.rest()) == (200, "hello", b"")


@pytest.mark.parametrize("name", [b"SCRIPT_NAME", b"PATH_INFO", b"Script-Name", b"script_name"])
@pytest.mark.parametrize("value", [b"/calm" + CANARY, b"/health", b"/", b"/heal", PATH, b"calm"])
def test_header_that_resembles_a_variable_of_the_server_is_a_header_only(app_server, name, value):
    sent = request(name + b": " + value, name + b"-2: " + HOST.strip())
    with RawConnection(app_server.port) as connection:
        response = connection.send(sent).response()
        assert response is not None
    assert (response.status, response.json["script_name"], response.json["path"]) == (
        200,
        "",
        PATH.decode(),
    )
    assert CANARY.decode() not in app_server.process.text


def test_empty_lines_that_arrive_one_by_one_are_counted(server):
    with RawConnection(server.port) as connection:
        for _ in range(3):
            connection.send(b"\r\n")
            time.sleep(0.05)
        response = connection.response()
        assert response is not None
        assert (response.status, connection.rest()) == (400, b"")


@pytest.mark.parametrize(
    ("method", "status"), [(b"HEAD", b"200"), (b"GET", b"204"), (b"GET", b"304"), (b"HEAD", b"404")]
)
def test_response_that_must_have_no_body_has_none(app_server, method, status):
    with RawConnection(app_server.port) as connection:
        connection.send(first(method=method, target=b"/status/" + status + b"%20Word"))
        response = connection.response(head_only=True)
        assert response is not None
        assert response.status == int(status)
        assert status != b"204" or "Content-Length" not in response.headers
        second = connection.send(SECOND_LAST).response()
        assert second is not None
        assert second.status == 200


@pytest.mark.parametrize("option", [b"keep-alive", b"x"])
def test_response_without_a_length_ends_an_http_1_0_connection(app_server, option):
    sent = request(b"Connection: " + option, line=b"GET /stream HTTP/1.0")
    with RawConnection(app_server.port) as connection:
        response = connection.send(sent).response()
        assert response is not None
        assert (response.headers["Connection"], connection.rest()) == ("close", b"breathe")


def test_head_of_a_stream_has_no_chunks(app_server):
    with RawConnection(app_server.port) as connection:
        response = connection.send(first(method=b"HEAD", target=b"/stream")).response(
            head_only=True
        )
        assert response is not None
        second = connection.send(SECOND_LAST).response()
        assert second is not None
        assert (response.status, second.status, connection.rest()) == (200, 200, b"")
