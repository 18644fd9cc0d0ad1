"""The parser's settings are gunicorn's, and header lines that recur are parsed once."""

import inspect
import re
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import body, message, parser, unreader
from gunicorn.http.errors import ParseException
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.gunicorn.broken_rules import broken_rule
from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule
from tests.telemetry.gunicorn.parsed import CONFIG, parsed

READ = re.compile(r"\bcfg\.(\w+)|getattr\((?:self\.)?cfg, '(\w+)'")


def test_snapshot_holds_every_setting_that_the_parser_reads():
    found = {
        name
        for module in (message, parser, body, unreader)
        for pair in READ.findall(inspect.getsource(module))
        for name in pair
        if name
    }
    found |= set(message._FAST_PARSER_INCOMPATIBLE_FLAGS)
    assert {"limit_request_line", "http_parser", "is_ssl", "strip_header_spaces"} <= found
    used = ParserSettings(CONFIG)
    for name in found:
        theirs, ours = getattr(CONFIG, name), getattr(used, name)
        assert (ours(), ours()) == (theirs(), theirs()) if callable(theirs) else ours == theirs


def test_setting_that_does_not_exist_is_an_error():
    with pytest.raises(AttributeError, match="no_setting"):
        ParserSettings(CONFIG).no_setting  # noqa: B018


def head(*lines, host="a"):
    return "\r\n".join((f"GET / HTTP/1.1\r\nHost: {host}", *lines, "", "")).encode("latin-1")


def understood(sent, used):
    """Return headers and flags of a request; ``None`` when it is refused."""
    try:
        found = parsed(sent, settings=used)
    except (BrokenRule, ParseException):
        return None  # the first of several broken rules may differ
    return found.headers, found.should_close(), found._expected_100_continue, found.scheme


LINES = st.sampled_from(
    [
        *("Accept: */*", "ACCEPT: */*", "Accept: b", "Connection: close", "Connection: x"),
        *("Content-Type: a", "Content-Length: 0", "Host: a", "Host: b", "Expect: 100-continue"),
        *("Expect: x", "X_A: b", "X-A: b", " folded: c", "\tc", "User-Agent: é", "User-Agent :a"),
        *("Accept: \0", "Accept: " + "a" * 600, "X-Forwarded-Proto: https", "Cookie: a", "A"),
        *("Via: 1.1 a", "Via:1.1 a ", "Origin: a\nb"),
    ]
)
BLOCKS = st.lists(st.lists(LINES, max_size=5), min_size=1, max_size=4)
VARIANTS: list[dict[str, Any]] = [
    {},
    {"permit_obsolete_folding": True},
    {"strip_header_spaces": True},
    {"header_map": "refuse"},
    {"secure_scheme_headers": {}, "limit_request_field_size": 500, "limit_request_fields": 4},
]


def config(variant):
    """Return gunicorn's configuration with some settings."""
    found = Config()
    for name, value in variant.items():
        found.set(name, value)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
@settings(max_examples=30)
@given(blocks=BLOCKS)
def test_known_lines_are_understood_as_if_they_were_new(variant, blocks):
    used = ParserSettings(config(variant))
    for lines in blocks + blocks:
        sent = head(*lines)
        known = understood(sent, used)
        kept = used.known_lines.copy()
        used.known_lines.clear()
        assert known == understood(sent, used)
        used.known_lines.update(kept)


def test_lines_that_recur_are_kept_and_secrets_are_not():
    used = ParserSettings(CONFIG)
    parsed(head("Accept: */*", "Cookie: a=secret", "Authorization: b", "X-Id: c"), settings=used)
    assert used.known_lines == {b"Host: a": ("HOST", "a"), b"Accept: */*": ("ACCEPT", "*/*")}


def test_kept_lines_are_bounded():
    used = ParserSettings(CONFIG)
    for number in range(3000):
        parsed(head(host=f"a{number}"), settings=used)
    parsed(head("User-Agent: " + "a" * 5000), settings=used)
    assert 0 < len(used.known_lines) <= 1024
    assert max(map(len, used.known_lines)) <= 512


def test_known_host_that_is_repeated_is_refused():
    used = ParserSettings(CONFIG)
    for _ in range(2):
        parsed(head("Content-Type: a"), settings=used)
        for line, rule in (("Host: a", rules.HOST_REPEATED), ("Content-Type: a", rules.REPEATED)):
            with pytest.raises((BrokenRule, message.InvalidHeader)) as raised:
                parsed(head("Content-Type: a", line), settings=used)
            assert broken_rule(raised.value) is rule


@given(st.data())
def test_request_is_understood_alike_in_whatever_pieces_it_is_received(data):
    sent = head("Accept: */*", "X-A: b") + b"rest"
    cuts = sorted(data.draw(st.lists(st.integers(1, len(sent) - 1), max_size=4, unique=True)))
    pieces = [sent[a:b] for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    found = parsed(*pieces)
    assert (found.path, found.headers) == ("/", [("HOST", "a"), ("ACCEPT", "*/*"), ("X-A", "b")])
    assert found.unreader.read(4) == b"rest"
