"""Logging calls with mistakes: the caller goes on, and the line shows what was wrong."""

import logging
import math

import pytest

from tests.telemetry.logs.odd_objects import BIG, NO_TEXT, Endless, Number, Raises, Silent
from tests.telemetry.test_logs import IDS, RESOURCE

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
def test_fields_that_are_no_mapping_are_kept_and_the_line_shows_it(written, fields, kind, shown):
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
def test_extra_that_does_not_fit_the_record_is_kept_and_the_line_shows_it(
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
