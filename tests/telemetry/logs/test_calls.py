"""Logging calls with mistakes: the caller goes on, and the line says what was wrong."""

import dataclasses
import enum
import logging
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
from tests.telemetry.logs.strict_json import read_line
from tests.telemetry.test_logs import IDS, RESOURCE


class Raises:
    """An object without a text."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class Endless:
    """Its text contains itself."""

    def __str__(self):
        return f"[{self}]"


class Number:
    """Its text is no text."""

    def __str__(self):
        return 7  # noqa: PLE0307 - the mistake


class Silent(Exception):
    """An exception without a text."""

    def __str__(self):
        raise RuntimeError("silent")


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    """A text with a text of its own."""

    def __str__(self):
        return "another"


class OddMapping(dict):
    def items(self):
        raise KeyError("odd")


@dataclasses.dataclass
class Order:
    number: int
    password: str = "hunter2"


def itself():
    circle = {"name": "circle"}
    circle["again"] = [circle]
    return circle


def deep(levels):
    value = "bottom"
    for _ in range(levels):
        value = [value]
    return value


BIG = 10**4999
NO_TEXT = "<Raises: ValueError from its text>"

MESSAGES = [
    ("wrong type", ("%d items", "x"), "%d items", "TypeError: %d format: a real number"),
    ("too many", ("sold", "x"), "sold", "TypeError: not all arguments converted"),
    ("too few", ("%s and %s", "x"), "%s and %s", "TypeError: not enough arguments"),
    ("no such key", ("%(a)s", {"b": 1}), "%(a)s", "KeyError: 'a'"),
    ("a mapping for positions", ("%s %s", {"b": 1}), "%s %s", "TypeError: not enough"),
    ("not a mapping", ("%(a)s", 5), "%(a)s", "TypeError: format requires a mapping"),
    ("unknown conversion", ("50%q", "x"), "50%q", "ValueError: unsupported format character"),
    ("half a conversion", ("100%", "x"), "100%", "ValueError: incomplete format"),
    ("argument without text", ("got %s", Raises()), "got %s", "ValueError: no text"),
    ("argument without repr", ("got %r", Raises()), "got %r", "ValueError: no text"),
    ("argument without end", ("got %s", Endless()), "got %s", "RecursionError: "),
    ("text that is no text", ("got %s", Number()), "got %s", "TypeError: __str__ returned"),
    ("an int of 5,000 digits", ("got %d", BIG), "got %d", "ValueError: Exceeds the limit"),
    ("not a number", ("%d", math.nan), "%d", "ValueError: cannot convert float NaN"),
    ("message without text", (Raises(),), NO_TEXT, "ValueError: no text"),
]


@pytest.mark.parametrize(
    ("given", "message", "error"), [case[1:] for case in MESSAGES], ids=[c[0] for c in MESSAGES]
)
def test_message_that_cannot_be_made_is_written_as_it_is(written, given, message, error):
    written.log.info(*given)
    written.log.info("next")
    line, following = written.lines()
    assert line["message"] == message
    assert line["logging_error"].startswith(error)
    assert line.keys() - {"time"} == {"level", "logger", "message", *IDS, *RESOURCE} | {
        "logging_args",
        "logging_error",
    }
    assert (following["message"], "logging_error" in following) == ("next", False)


def test_arguments_of_a_message_that_cannot_be_made_are_kept_and_redacted(written):
    written.log.info("%d items for %s", "x", "ann@example.com")
    (line,) = written.lines()
    assert line["logging_args"] == ["x", "REDACTED"]


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
    ("class", Order, "<class 'test_calls.Order'>"),
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


def test_own_members_are_never_replaced(written):
    own = {
        "time": "yesterday",
        "level": "DEBUG",
        "logger": "root",
        "message": "another",
        "request_id": "1",
        "trace_id": "1",
        "span_id": "1",
        "service": "else",
        "instance": "else",
        "environment": "else",
        "exception": "none",
        "stack_info": "none",
        "logging_error": "none",
        "logging_args": "none",
        "truncated_bytes": 1,
        "fields": {"deep": 1},
    }
    written.log.info("mine", extra={"fields": {**own, "left": 0}})
    (line,) = written.lines()
    assert line.pop("time").startswith("20")
    assert line == {
        "level": "INFO",
        "logger": "shop",
        "message": "mine",
        **IDS,
        "left": 0,
        "fields": {**own, "message": "REDACTED"},
        **RESOURCE,
    }


@pytest.mark.parametrize(
    ("fields", "kind", "shown"),
    [
        ("text", "str", "text"),
        (5, "int", 5),
        (["a"], "list", ["a"]),
        ((("a", 1),), "tuple", [["a", 1]]),
        (b"bytes", "bytes", "bytes"),
        (Raises(), "Raises", NO_TEXT),
    ],
)
def test_fields_that_are_no_mapping_are_kept_and_the_line_says_so(written, fields, kind, shown):
    written.log.info("odd", extra={"fields": fields})
    (line,) = written.lines()
    assert line["fields"] == shown
    assert line["logging_error"] == f"fields should be a mapping, not {kind}"


@pytest.mark.parametrize(
    ("extra", "fields", "members", "error"),
    [
        (
            {"message": "x"},
            {"message": "REDACTED"},
            {},
            "KeyError: \"Attempt to overwrite 'message'",
        ),
        ({"name": "Ann"}, None, {"name": "Ann"}, "KeyError: \"Attempt to overwrite 'name'"),
        ({"args": 1, "fields": {"a": 2}}, None, {"args": 1, "a": 2}, "KeyError: "),
        ({"asctime": 1, "levelname": "x"}, None, {"asctime": 1, "levelname": "x"}, "KeyError: "),
        ({"msg": "x", "fields": "text"}, None, {"msg": "x"}, "KeyError: "),
        ("text", None, {"extra": "text"}, "TypeError: "),
        (["name"], None, {"extra": ["name"]}, "KeyError: "),
        ({("a", 1): 2, "name": 3}, None, {"('a', 1)": 2, "name": 3}, "KeyError: "),
    ],
)
def test_extra_that_does_not_fit_the_record_is_kept_and_the_line_says_so(
    written, extra, fields, members, error
):
    written.log.info("odd", extra=extra)
    (line,) = written.lines()
    assert line["message"] == "odd"
    assert {name: line[name] for name in members} == members
    assert line.get("fields") == fields
    assert line["logging_error"].startswith(error)


def test_without_our_logs_the_standard_library_is_as_it_was(written):
    written.logs.uninstall()
    with pytest.raises(KeyError):
        written.log.warning("odd", extra={"message": 1})


def chained_in_a_loop():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    return first


def chain(length):
    error = ValueError("root")
    for number in range(length):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    return error


def nested_groups(depth):
    error = ValueError("leaf")
    for number in range(depth):
        error = ExceptionGroup(str(number), [error])
    return error


EXCEPTIONS = [
    ("plain", ValueError("lost"), "ValueError", "lost"),
    ("without text", Silent(), "Silent", "<Silent: RuntimeError from its text>"),
    ("odd arguments", ValueError(Raises()), "ValueError", "<ValueError: ValueError from its text>"),
    ("group", ExceptionGroup("two", [ValueError("a"), KeyError("b")]), "ExceptionGroup", "two"),
    ("causes in a loop", chained_in_a_loop(), "ValueError", "first"),
    ("a thousand causes", chain(1000), "ValueError", "999"),
    ("groups in groups", nested_groups(100), "ExceptionGroup", "99"),
    ("half a pair", ValueError("\ud800"), "ValueError", "\\ud800"),
    ("large", ValueError("x" * 1_000_000), "ValueError", "x"),
    ("exit", SystemExit(3), "SystemExit", "3"),
]


@pytest.mark.parametrize(
    ("error", "kind", "text"), [case[1:] for case in EXCEPTIONS], ids=[c[0] for c in EXCEPTIONS]
)
def test_exception_of_any_kind_is_logged_with_its_stack(written, error, kind, text):
    try:
        raise error
    except BaseException as raised:
        written.log.exception("failed", exc_info=raised)
    (line,) = written.lines()
    assert line["exception"]["type"] == kind
    assert line["exception"]["message"].startswith(text)
    assert "Traceback" in line["exception"]["stack"]
    assert "logging_error" not in line


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (True, None),
        (1, None),
        ("text", None),
        ((1, 2, 3), "exc_info: AttributeError: 'int' object has no attribute '__name__'"),
        ((1, 2), "exc_info: ValueError: not enough values to unpack"),
        ((None, None, None), None),
    ],
)
def test_exc_info_without_an_exception_is_a_line_without_one(written, given, error):
    written.log.error("none", exc_info=given)
    (line,) = written.lines()
    assert (line["message"], "exception" in line) == ("none", False)
    assert str(line.get("logging_error")).startswith(str(error))


def test_stack_is_a_member(written):
    written.log.info("here", stack_info=True)
    (line,) = written.lines()
    assert "test_stack_is_a_member" in line["stack_info"]


class BrokenFormatter(logging.Formatter):
    def formatException(self, ei):
        raise TypeError("broken")


def test_formatter_with_a_mistake_costs_nothing(written):
    (handler,) = written.log.handlers
    handler.setFormatter(BrokenFormatter())
    written.log.error("failed", exc_info=ValueError("lost"))
    (line,) = written.lines()
    assert line["exception"]["stack"] == "ValueError: lost"


def test_level_may_have_any_name(written):
    logging.addLevelName(25, "ÉTRANGE\u2028")
    try:
        written.log.log(25, "odd")
    finally:
        logging.addLevelName(25, "Level 25")
    written.log.log(17, "unnamed")
    assert [line["level"] for line in written.lines()] == ["ÉTRANGE\u2028", "Level 17"]


class Logs:
    """Its text logs itself."""

    def __init__(self, log):
        self.log = log

    def __str__(self):
        self.log.info("read %s", self)
        return "logs"


def test_text_that_logs_itself_makes_a_few_lines(written):
    written.log.info("outer %s", Logs(written.log))
    assert 1 <= len(written.lines()) <= 4


@pytest.mark.parametrize("request_", ["text", 5, Raises(), {"a": 1}, object()], ids=type)
def test_request_of_another_type_is_no_request(written, request_):
    written.log.info("odd", extra={"request": request_})
    (line,) = written.lines()
    assert {name: line[name] for name in IDS} == IDS


def test_record_that_was_changed_is_still_a_line(written):
    record = logging.makeLogRecord({"msg": "odd", "created": "yesterday", "levelno": 20})
    written.log.handle(record)
    (line,) = written.lines()
    assert line["message"] == "a log record could not be read"
    assert line["logging_error"].startswith("TypeError: ")


def test_no_line_was_lost(written):
    for case in VALUES:
        written.log.info("odd", extra={"fields": {"by": case[1]}})
    assert len(written.lines()) == len(VALUES)
    assert next(iter(written.metrics.counter(LOG_LINES_DROPPED).collect())).samples == []


def test_strict_reader_refuses_what_others_refuse():
    for bad in (b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b'{"a":18446744073709551616}'):
        with pytest.raises((AssertionError, UnicodeEncodeError)):
            read_line(bad)
