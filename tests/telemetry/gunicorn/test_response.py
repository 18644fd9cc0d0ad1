"""The bytes of a response are those of gunicorn's; those that differ are named."""

import re

import pytest
from gunicorn import SERVER
from gunicorn.http import wsgi
from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gunicorn.expect_continue import ExpectContinueBody
from telemetry.gunicorn.response import Response
from telemetry.server.delivery import Delivery
from tests.telemetry.gunicorn.parsed import CONFIG, parsed
from tests.telemetry.gunicorn.response_cases import (
    APPS,
    BROKEN,
    FIVE,
    OK,
    TEXT,
    Text,
    begin,
    close,
    write,
)

DATE = re.compile(rb"\r\nDate: [^\r]+ GMT\r\n")
REQUESTS = {
    name: f"{line}\r\nHost: a\r\n{header}\r\n".encode()
    for name, line, header in (
        ("1.1", "GET / HTTP/1.1", ""),
        ("1.1 close", "GET / HTTP/1.1", "Connection: close\r\n"),
        ("1.0", "GET / HTTP/1.0", ""),
        ("1.0 keep-alive", "GET / HTTP/1.0", "Connection: keep-alive\r\n"),
        ("HEAD", "HEAD / HTTP/1.1", ""),
    )
}


class Client:
    """Collects what is sent."""

    def __init__(self):
        self.sent, self.too_slow, self.handed_over = [], None, False
        self.delivery = Delivery(lambda: -1)

    def sendall(self, data):
        self.sent.append(bytes(data))

    def hand_over(self):
        self.handed_over = True


def run(steps, response, client):
    """Do an app's steps; returns what was sent, how it failed, and whether the connection ends."""
    failure = None
    try:
        for step in steps:
            step(response)
    except Exception as error:
        failure = type(error)
    closes = response.should_close() if failure is None else None
    return DATE.sub(b"\r\nDate: now\r\n", b"".join(client.sent)), failure, closes


def by_gunicorn(sent, steps):
    request, client = parsed(sent), Client()
    response = wsgi.Response(request, client, CONFIG)
    response.hints = wsgi._make_early_hints_callback(request, client, response)
    return run(steps, response, client)


def by_worker(sent, steps):
    request, client = parsed(sent), Client()
    return run(steps, Response(request, client, request.body, SERVER), client)


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("name", APPS)
def test_response_has_the_bytes_of_gunicorn(sent, name):
    assert by_worker(sent, APPS[name]) == by_gunicorn(sent, APPS[name])


@pytest.mark.parametrize("name", BROKEN)
def test_broken_head_is_refused_as_by_gunicorn(name):
    ours, theirs = (run(REQUESTS["1.1"], BROKEN[name]) for run in (by_worker, by_gunicorn))
    assert ours == theirs
    assert ours[1] is not None


VALUES = st.text(st.sampled_from("a \t\r\n\0\x7fé\u0100:")) | st.just(b"a") | st.integers()


@given(st.lists(st.tuples(st.sampled_from(["A", "a", "Connection", "A\n", "É"]), VALUES)))
def test_generated_heads_are_sent_or_refused_as_by_gunicorn(headers):
    if any(str(value).lower().strip() == "close" for _, value in headers):
        return
    steps = [begin(OK, *headers), write(b"hello"), close]
    ours, theirs = (run(REQUESTS["1.1"], steps) for run in (by_worker, by_gunicorn))
    assert ours[0] == theirs[0]
    assert (ours[1] is None) == (theirs[1] is None)


def test_text_behind_a_value_cannot_split_the_response():
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    response.start_response(Text(OK), [(Text("A"), Text("b")), FIVE])
    response.write(b"hello")
    assert b"evil" not in client.sent[0]


def test_head_and_first_part_are_one_send():
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    response.start_response(OK, [FIVE])
    response.write(b"hello")
    response.close()
    assert len(client.sent) == 1


def test_headers_of_a_replaced_response_are_not_sent():
    """Gunicorn sends both, with two lengths."""
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    response.start_response(OK, [("Content-Length", "3"), ("A", "b")])
    response.start_response("500 Failed", [FIVE], (ZeroDivisionError, ZeroDivisionError(), None))
    response.write(b"hello")
    assert b"\r\nA: b" not in client.sent[0]
    assert client.sent[0].count(b"Content-Length") == 1


def test_prepared_lines_follow_the_headers_of_the_response_they_came_with():
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    response.start_response(OK, [FIVE], None, "X-First: 1\r\n")
    failed = (ZeroDivisionError, ZeroDivisionError(), None)
    response.start_response("500 Failed", [TEXT, FIVE], failed, "X-Own: 2\r\nX-More: 3\r\n")
    response.write(b"hello")
    assert client.sent[0].endswith(
        b"\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nX-Own: 2\r\nX-More: 3\r\n\r\nhello"
    )
    assert b"X-First" not in client.sent[0]


@pytest.mark.parametrize("value", ["text/plain\r\nA: b", "text/plain\n", "\x00"])
def test_value_that_was_sent_before_makes_no_other_one_safe(value):
    for _ in range(2):
        Response(parsed(REQUESTS["1.1"]), Client(), None, "s").start_response(OK, [TEXT, FIVE])
        with pytest.raises(InvalidResponseHeader):
            Response(parsed(REQUESTS["1.1"]), Client(), None, "s").start_response(
                OK, [("Content-Type", value), FIVE]
            )


def ending(sent, *headers, status=OK, body=None, **client):
    """Return whether a response ends its connection."""
    request, receiver = parsed(sent), Client()
    vars(receiver).update(client)
    response = Response(request, receiver, body or request.body, "serene")
    response.start_response(status, [*headers, FIVE])
    response.write(b"hello")
    return response.should_close(), b"Connection: close" in receiver.sent[0]


CHUNKS = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (False, ending(REQUESTS["1.1"])),
        (True, ending(REQUESTS["1.1"], ("Connection", "Close"))),
        (True, ending(REQUESTS["1.1"], too_slow=object())),
        (True, ending(REQUESTS["1.1"], body=ExpectContinueBody(None, lambda: None))),
        (False, ending(CHUNKS, status="200 OK")),
        (True, ending(CHUNKS, status="413 Too Large")),
    ],
)
def test_connection_ends_where_the_next_request_cannot_be_found(ends, found):
    assert found == (ends, ends)


def test_response_that_never_began_is_an_error():
    with pytest.raises(RuntimeError, match="without starting"):
        Response(parsed(REQUESTS["1.1"]), Client(), None, "serene").close()


def test_nothing_is_sent_on_a_connection_that_was_handed_over():
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    response.hand_over()
    response.start_response(OK, [FIVE])
    response.write(b"hello")
    response.close()
    assert (client.sent, client.handed_over, response.should_close()) == ([], True, True)


@pytest.mark.parametrize(
    ("header", "error"),
    [(("A\r\n", "b"), InvalidResponseHeaderName), (("A", "b\r\nC: d"), InvalidResponseHeader)],
)
def test_early_hints_cannot_split_the_response(header, error):
    client = Client()
    response = Response(parsed(REQUESTS["1.1"]), client, None, "serene")
    with pytest.raises(error):
        response.send_early_hints([header])
    assert client.sent == []
