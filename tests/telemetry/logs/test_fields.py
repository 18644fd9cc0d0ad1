"""Fields of any type and size: strict JSON, bounded, and no other line is touched."""

import math
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from ipaddress import ip_address
from pathlib import PurePosixPath
from types import MappingProxyType

import pytest

from telemetry.names import LOG_LINES_DROPPED
from tests.telemetry.logs.odd_objects import (
    BIG,
    NO_TEXT,
    Colour,
    Endless,
    Level,
    Number,
    OddMapping,
    Order,
    Raises,
    Silent,
    Text,
    deep,
    itself,
)
from tests.telemetry.logs.strict_json import read_line
from tests.telemetry.test_logs import IDS, RESOURCE

VALUES = [
    ("nothing", None, None),
    ("true", True, True),
    ("text subclass", Text("mine"), "mine"),
    ("NaN", math.nan, "NaN"),
    ("infinity", math.inf, "Infinity"),
    ("minus infinity", -math.inf, "-Infinity"),
    ("largest unsigned", 2**64 - 1, 2**64 - 1),
    ("larger", 2**64, "18446744073709551616"),
    ("smallest", -(2**63), -(2**63)),
    ("smaller", -(2**63) - 3, "-9223372036854775811"),
    ("5,000 digits", BIG, hex(BIG)),
    ("20 million digits", 1 << 80_000_000, "…"),
    ("Decimal", Decimal("1.10"), "1.10"),
    ("Decimal NaN", Decimal("sNaN"), "sNaN"),
    ("Fraction", Fraction(1, 3), "1/3"),
    ("complex", 1j, "1j"),
    ("UUID", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("datetime", datetime(2026, 11, 26, 12, tzinfo=UTC), "2026-11-26T12:00:00+00:00"),
    ("naive datetime", datetime(2026, 11, 26, 12), "2026-11-26T12:00:00"),
    ("date", date(2026, 11, 26), "2026-11-26"),
    ("timedelta", timedelta(seconds=90), "0:01:30"),
    ("path", PurePosixPath("a/b"), "a/b"),
    ("address", ip_address("192.0.2.1"), "192.0.2.1"),
    ("enum", Colour.RED, "red"),
    ("int enum", Level.HIGH, 3),
    ("bytes", b"caf\xc3\xa9 \xff", "café \\xff"),
    ("bytearray", bytearray(b"abc"), "abc"),
    ("memoryview", memoryview(b"abc"), "abc"),
    ("half a pair", "a\ud800b", "a\\ud800b"),
    ("the other half", "\udfff", "\\udfff"),
    ("a whole pair", "\U0001f33f", "\U0001f33f"),
    ("control characters", "\x00\x1b[31m\x7f\x9b", "\x00\x1b[31m\x7f\x9b"),
    ("line ends", "a\r\nb\u2028c\u2029d\u0085e\x0bf", "a\r\nb\u2028c\u2029d\u0085e\x0bf"),
    ("set", {3, 1, 2}, [1, 2, 3]),
    ("frozenset", frozenset("a"), ["a"]),
    ("tuple", (1, (2,)), [1, [2]]),
    ("range", range(3), "range(0, 3)"),
    ("generator", (each for each in ()), None),
    ("lambda", len, "<built-in function len>"),
    ("class", Order, "<class 'tests.telemetry.logs.odd_objects.Order'>"),
    ("dataclass", Order(1), {"number": 1, "password": "REDACTED"}),
    ("proxy", MappingProxyType({"a": 1}), {"a": 1}),
    ("mapping that raises", OddMapping(), "<OddMapping: KeyError when it was read>"),
    ("exception", ValueError("odd"), "ValueError: odd"),
    ("exception without text", Silent(), "Silent: <Silent: RuntimeError from its text>"),
    ("no text", Raises(), NO_TEXT),
    ("a text that is no text", Number(), "<Number: TypeError from its text>"),
    ("endless text", Endless(), "<Endless: RecursionError from its text>"),
    ("tuple as key", {("a", 1): 2}, {"('a', 1)": 2}),
    ("UUID as key", {uuid.UUID(int=1): 2}, {"00000000-0000-0000-0000-000000000001": 2}),
    ("nothing as key", {None: 2}, {"null": 2}),
    ("bool as key", {True: 2}, {"true": 2}),
    ("bytes as key", {b"a": 2}, {"a": 2}),
    ("float as key", {math.nan: 2}, {"nan": 2}),
    ("date as key", {date(2026, 1, 2): 2}, {"2026-01-02": 2}),
    ("enum as key", {Colour.RED: 2}, {"red": 2}),
    ("half a pair as key", {"\ud800": 2}, {"\\ud800": 2}),
    ("key without text", {Raises(): 2}, {NO_TEXT: 2}),
    ("5,000 digits as key", {BIG: 2}, {hex(BIG): 2}),
    ("keys of one text", {1: "a", "1": "b", b"1": "c"}, {"1": "a", "1#2": "b", "1#3": "c"}),
]


@pytest.mark.parametrize(
    ("value", "expected"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES]
)
def test_field_of_any_type_is_json_and_touches_no_other_line(written, value, expected):
    written.logs.writer.start()  # lines are written in batches
    for number in range(3):
        written.log.info("before", extra={"fields": {"number": number}})
    written.log.info("odd", extra={"fields": {"by": value, "kept": 1}})
    written.log.info("after")
    written.logs.writer.stop()
    *before, odd, after = written.lines()
    assert [line["number"] for line in before] == [0, 1, 2]
    assert (odd["message"], odd["kept"], after["message"]) == ("odd", 1, "after")
    if expected is None and value is not None:
        assert odd["by"].startswith("<generator object")
    elif isinstance(value, type):
        assert odd["by"].endswith(".Order'>")
    else:
        assert odd["by"] == expected
    assert "logging_error" not in odd


STRUCTURES = [
    ("itself", itself()),
    ("100,000 levels", deep(100_000)),
    ("a million members", list(range(1_000_000))),
    ("a million names", {str(number): number for number in range(100_000)}),
    ("wide and deep", [[[["x" * 1000] * 30] * 30] * 30] * 30),
    ("a text of 5 MB", "x" * 5_000_000),
    ("a text of quotes", '"' * 60_000),
    ("many texts", ["\x00" * 10_000] * 60),
    ("a name of 100,000 characters", {"x" * 100_000: 1}),
]


@pytest.mark.parametrize(
    "value", [case[1] for case in STRUCTURES], ids=[case[0] for case in STRUCTURES]
)
def test_structure_of_any_size_is_one_bounded_line_that_marks_what_it_leaves_out(written, value):
    written.log.info("large", extra={"fields": {"by": value}})
    (line,) = written.lines()
    assert (line["message"], line["level"]) == ("large", "INFO")
    assert {**line, **IDS, **RESOURCE} == line
    # Members past the bound are left out without a mark of their own only in lists and objects.
    assert "…" in str(line["by"]) or len(line["by"]) <= 1000


def test_line_over_its_bound_has_its_length_before(written):
    written.log.info("\x00" * 16_000, extra={"fields": {str(i): "\x01" * 900 for i in range(70)}})
    (line,) = written.lines()
    assert line["truncated_bytes"] > 131_072
    assert line["message"].startswith("\x00")
    assert " … " in line["message"]


def test_no_line_was_lost(written):
    for case in VALUES:
        written.log.info("odd", extra={"fields": {"by": case[1]}})
    assert len(written.lines()) == len(VALUES)
    assert next(iter(written.metrics.counter(LOG_LINES_DROPPED).collect())).samples == []


def test_strict_reader_refuses_what_others_refuse():
    for bad in (b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":18446744073709551616}'):
        with pytest.raises((AssertionError, UnicodeEncodeError)):
            read_line(bad)
