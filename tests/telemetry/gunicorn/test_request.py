"""Whatever gunicorn's parser raises becomes a refusal in our words."""

import io

import pytest
from gunicorn.config import Config
from gunicorn.http import errors
from gunicorn.http.unreader import IterUnreader
from hypothesis import given
from hypothesis import strategies as st

from telemetry.gunicorn.broken_rules import broken_rule
from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.request import StrictRequest
from telemetry.http1 import rules
from telemetry.http1.framing import CHUNKED
from telemetry.http1.request import Limits, read_head
from telemetry.http1.rules import BrokenRule
from tests.telemetry.server.requests_as_sent.valid import CLOSED, KEPT, READ

CANARY = "canary-token"
PARSE_ERRORS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.ParseException)
]


def error_of(kind):
    """Raise gunicorn's error with a value of the client's in it."""
    try:
        return kind(CANARY)
    except TypeError:
        return kind()


@pytest.mark.parametrize("kind", PARSE_ERRORS)
def test_each_error_of_the_parser_is_a_client_error_that_repeats_nothing(kind):
    rule = broken_rule(error_of(kind))
    if issubclass(kind, (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)):
        assert rule is None  # the app's mistake
        return
    assert rule is not None
    assert (400 <= rule.status < 600, rule.status != 500) == (True, True)
    assert CANARY not in rule.detail


@pytest.mark.parametrize(
    ("error", "rule"),
    [
        (errors.InvalidSchemeHeaders(), rules.SCHEME),
        (errors.ForbiddenProxyRequest("192.0.2.1"), rules.PROXY_FORBIDDEN),
        (errors.InvalidProxyLine(CANARY), rules.PROXY_LINE),
        (errors.ConfigurationProblem(CANARY), rules.SCRIPT_NAME),
        (errors.InvalidHeader("HOST"), rules.HOST_REPEATED),
        (errors.InvalidHeader("bare LF as line terminator"), rules.LINE_END),
        (errors.InvalidRequestLine("bare LF as line terminator"), rules.LINE_END),
        (errors.InvalidHeader(CANARY), rules.UNREADABLE),
        (BrokenRule(rules.HOST), rules.HOST),
        (ZeroDivisionError(), None),
    ],
)
def test_error_of_the_parser_has_its_rule(error, rule):
    assert broken_rule(error) is rule


VALID = list((KEPT | CLOSED | READ).values())
PIECES = st.sampled_from(
    [
        *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b",", b";", b"/", b"//", b"\\"),
        *(b"\x00", b"\x0b", b"\x7f", b"\x85", b"\xa0", b"\xff", b"#", b"?", b"*", b"%", b"@", b"_"),
        *(b"5", b"chunked", b"identity", b"close", b"http://", b"[::1]", b"HTTP/1.0", b"HTTP/1.9"),
        *(b"Host: a\r\n", b"Content-Length: 5\r\n", b"Content-Length: 5", b"Expect: x\r\n"),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: x\r\n",
            b"Host:\r\n",
            b"A_B: c\r\n",
        ),
    ]
)
CONFIG = Config()
CONFIG.set("limit_request_line", Limits().line_bytes)
SETTINGS = ParserSettings(CONFIG)


def by_gunicorn(sent):
    """Read a head as the worker does; returns the facts of it, or the rule that it breaks."""
    try:
        found = StrictRequest(SETTINGS, IterUnreader([sent]), ("127.0.0.1", 1))
    except (StopIteration, errors.NoMoreData):
        return None
    except (BrokenRule, errors.ParseException) as error:
        return broken_rule(error).status
    reader = found.body.reader
    length = getattr(reader, "length", CHUNKED)
    host = "".join(value for name, value in found.headers if name == "HOST")
    version = "HTTP/{}.{}".format(*found.version)
    return found.method, found.path, found.query, version, host, length, not found.should_close()


def by_rules(sent):
    """Read a head as the standalone server does; returns the same."""
    try:
        found = read_head(io.BufferedReader(io.BytesIO(sent)), Limits())
    except BrokenRule as error:
        return error.rule.status
    if found is None:
        return None
    line = found.line
    length = found.body_length or 0
    return line.method, line.path, line.query, line.version, found.host, length, found.keep_alive


@given(st.sampled_from(VALID), st.data())
def test_worker_and_standalone_server_understand_changed_requests_alike(sent, data):
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(sent)))
        cut = data.draw(st.integers(0, 3))
        sent = sent[:at] + data.draw(PIECES | st.just(b"")) + sent[at + cut :]
    sent += b"\r\n\r\n"
    worker, standalone = by_gunicorn(sent), by_rules(sent)
    if isinstance(worker, int) and isinstance(standalone, int):
        return  # the first of several broken rules may differ
    assert worker == standalone
