"""Each request of a connection is understood as if it had come alone."""

from collections import deque

from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gunicorn.parser import StrictParser
from telemetry.http1.rules import BrokenRule
from tests.telemetry.gunicorn.parsed import PEER, SETTINGS, parsed

FACTS = ("method", "uri", "path", "query", "version", "headers", "scheme", "authority", "has_body")
NOT_SETTINGS = {"unreader", "body", "headers", "trailers"}
HOST = "Host: a\r\n"


class Sender:
    """A socket on which each request comes alone."""

    def __init__(self, requests):
        self._requests = deque(requests)

    def recv(self, _size):
        return self._requests.popleft() if self._requests else b""


def facts(request):
    """Return what was understood of a request."""
    return {
        **{name: getattr(request, name) for name in FACTS},
        "closes": request.should_close(),
        "expects": request._expected_100_continue,
        "body": request.body.read(),
    }


LINES = st.sampled_from(
    [
        *("GET / HTTP/1.1", "GET /a?b=c HTTP/1.1", "HEAD /a HTTP/1.0", "GET http://b/c HTTP/1.1"),
        *("OPTIONS * HTTP/1.1", "get / HTTP/1.1", "GET /# HTTP/1.1", "POST /a HTTP/1.1"),
    ]
)
HEADS = st.sampled_from(
    [
        *(HOST, f"{HOST}Accept: */*\r\nCookie: a=b\r\nCookie: c=d\r\n", f"{HOST}A_B: c\r\n"),
        *(f"{HOST}Expect: 100-continue\r\n", f"{HOST}Connection: close\r\n", "", HOST * 2),
        *(f"{HOST}X-Forwarded-Proto: https\r\n", f"{HOST}Content-Length: 0\r\n", "Host: a b\r\n"),
        f"{HOST}Connection: keep-alive\r\n",
    ]
)


@given(st.lists(st.tuples(LINES, HEADS), min_size=2, max_size=6))
def test_headers_that_repeat_are_understood_as_before(sent):
    requests = [f"{line}\r\n{head}\r\n".encode() for line, head in sent]
    parser = StrictParser(SETTINGS, Sender(requests), PEER)
    for request in requests:
        try:
            expected = facts(parsed(request))
        except (BrokenRule, ParseException) as error:
            expected = type(error)
        try:
            found = facts(next(parser))
        except (BrokenRule, ParseException) as error:
            found = type(error)
        assert found == expected
        if not isinstance(found, dict) or found["closes"]:
            break


def test_headers_that_repeat_are_not_parsed_again():
    requests = [f"GET /{number} HTTP/1.1\r\n{HOST}\r\n".encode() for number in range(3)]
    parser = StrictParser(SETTINGS, Sender(requests), PEER)
    found = [next(parser) for _ in requests]
    assert [each.repeats for each in found] == [False, True, True]
    assert found[2].headers is found[0].headers


def test_requests_begin_with_the_attributes_that_gunicorn_works_out():
    head = f"GET / HTTP/1.1\r\n{HOST}\r\n".encode()
    theirs, ours = vars(Request(SETTINGS, IterUnreader([head]), PEER)), vars(parsed(head))
    named = theirs.keys() - NOT_SETTINGS
    assert {name: ours[name] for name in named} == {name: theirs[name] for name in named}
    shared = SETTINGS.request_attributes.items()
    assert [name for name, each in shared if isinstance(each, (list, dict, set, bytearray))] == [
        "headers",
        "trailers",
    ]
