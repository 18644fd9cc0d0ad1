"""The rules as functions: both ways to read a head agree, however the bytes arrive."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.http1.chunked import ChunkedReader
from telemetry.http1.request import Limits, parse_head, read_head, skip_empty_lines, split_head
from telemetry.http1.rules import BrokenRule, MalformedBody
from tests.telemetry.server.requests_as_sent.bodies import BODIES
from tests.telemetry.server.requests_as_sent.build import SECOND
from tests.telemetry.server.requests_as_sent.refused import REFUSED
from tests.telemetry.server.requests_as_sent.valid import CLOSED, KEPT

LIMITS = Limits()
VALID = KEPT | CLOSED


def from_stream(sent):
    """Read a head from a buffered stream, as the standalone server does."""
    return read_head(io.BufferedReader(io.BytesIO(sent)), LIMITS)


def in_pieces(sent, size):
    """Read a head from what has arrived so far, as the management port does."""
    for end in [*range(size, len(sent), size), len(sent)]:
        split = split_head(skip_empty_lines(sent[:end]), LIMITS)
        if split is not None:
            return parse_head(split[0], LIMITS)
    return None


def read_all(reader):
    """Read a body in pieces of a usual size."""
    return b"".join(iter(lambda: reader.read(1000), b""))


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
def test_rule_is_found_in_each_way_to_read(row):
    for read in (from_stream, lambda sent: in_pieces(sent, len(sent))):
        with pytest.raises(BrokenRule) as broken:
            read(row.sent + SECOND)
        assert broken.value.rule == row.rule


@pytest.mark.parametrize("name", VALID)
def test_valid_head_is_the_same_in_each_way_to_read(name):
    whole = from_stream(VALID[name])
    assert whole is not None
    assert {in_pieces(VALID[name], size) == whole for size in (1, 7, 100_000)} == {True}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_a_refusal_or_incomplete(sent):
    for read in (from_stream, lambda each: in_pieces(each, 3)):
        try:
            message = read(sent + b"\r\n\r\n")
        except BrokenRule:
            continue
        assert message is None or message.line.version in ("HTTP/1.0", "HTTP/1.1")


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 60), st.binary(max_size=20))
def test_chunks_are_read_to_their_end_and_no_further(chunks, size, after):
    body = b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    stream = io.BufferedReader(io.BytesIO(body + b"0\r\nA: b\r\n\r\n" + after))
    reader = ChunkedReader(stream)
    assert b"".join(iter(lambda: reader.read(size), b"")) == b"".join(chunks)
    assert (reader.ended, stream.read()) == (True, after)


@pytest.mark.parametrize("rule", BODIES, ids=lambda rule: rule.detail)
def test_malformed_chunks_break_their_rule_and_cannot_be_read_on(rule):
    for name, sent in BODIES[rule].items():
        body = sent.partition(b"\r\n\r\n")[2]
        reader = ChunkedReader(io.BufferedReader(io.BytesIO(body + SECOND)))
        with pytest.raises(MalformedBody) as broken:
            read_all(reader)
        assert broken.value.rule == rule, name
        with pytest.raises(MalformedBody):
            reader.read(1)
