"""What users of OpenTelemetry's API expect of the facts of a span; see ``behaviours``."""

import enum
from collections import UserDict
from types import MappingProxyType

from opentelemetry.trace import (
    Link,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

T0, T1 = 1_700_000_000_000_000_000, 1_700_000_001_000_000_000
STATE = TraceState([("vendor", "1")])
REMOTE = SpanContext(5 << 64 | 7, 9, True, TraceFlags(TraceFlags.SAMPLED), STATE)


class Colour(enum.StrEnum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Plain:
    """Has no text of its own."""


class Readable:
    def __str__(self):
        return "readable"


VALUES = {
    "text": "ä\0",
    "empty": "",
    "bool": True,
    "int": -(2**63),
    "float": 1.5,
    "bytes": b"\xff\x00",
    "none": None,
    "list": [1, 2],
    "mixed": ("a", 1, None, 2.5, True, b"x"),
    "nested": {"a": {"b": [1, {"c": None}]}},
    "proxy": MappingProxyType({"a": 1}),
    "range": range(3),
    "generator": (one for one in ()).__class__.__name__,
    "enum": Colour.RED,
    "intenum": Number.ONE,
    "userdict": UserDict({"a": 1}),
    "set": frozenset({1}),
    "readable": Readable(),
    "plain": Plain(),
    "complex": 1 + 2j,
    "class": int,
}


def values_of_every_type(provider, tracer):
    with tracer.start_as_current_span("a", attributes=VALUES) as span:
        for name, value in VALUES.items():
            span.set_attribute(f"set.{name}", value)
        span.set_attributes({f"all.{name}": value for name, value in VALUES.items()})
        span.add_event("e", VALUES)
        span.add_link(REMOTE, VALUES)


def names_of_attributes(provider, tracer):
    span = tracer.start_span("a", attributes={"": 1, 5: "five", None: 2, "ok": 3})
    for name in ("", None, 7, "good"):
        span.set_attribute(name, "value")
    span.set_attributes({"": 1, 8: "eight", "fine": 1})
    span.end()


def attributes_are_copied(provider, tracer):
    mine = [1, 2]
    given = {"list": mine, "map": {"a": mine}}
    span = tracer.start_span("a", attributes=given)
    mine.append(3)
    given["new"] = 1
    span.end()


def later_attributes_replace_and_move_to_the_end(provider, tracer):
    span = tracer.start_span("a", attributes={"x": 1, "y": 2})
    span.set_attribute("x", 3)
    span.end()


def limits_drop_the_oldest(provider, tracer):
    links = [Link(SpanContext(1, number + 1, is_remote=True)) for number in range(6)]
    span = tracer.start_span(
        "a", attributes={f"k{number}": number for number in range(8)}, links=links
    )
    span.set_attribute("last", "x" * 50)
    for number in range(7):
        span.add_event(f"e{number}", {f"k{at}": "y" * 50 for at in range(5)})
    span.add_link(REMOTE, {f"k{at}": at for at in range(5)})
    span.end()


def nothing_changes_after_the_end(provider, tracer):
    span = tracer.start_span("a", attributes={"x": 1})
    before = span.is_recording()
    span.end(T1)
    span.set_attribute("y", 2)
    span.set_attributes({"z": 3})
    span.add_event("e")
    span.add_link(REMOTE)
    span.update_name("b")
    span.set_status(StatusCode.ERROR)
    span.record_exception(ValueError("late"))
    span.end(T1 + 5)
    return before, span.is_recording()


def statuses(provider, tracer):
    sequences = [
        [(StatusCode.OK, "ignored")],
        [(StatusCode.ERROR, "why")],
        [(Status(StatusCode.ERROR, "why"),)],
        [(Status(StatusCode.ERROR, "why"), "beside")],
        [(StatusCode.UNSET, "x")],
        [(StatusCode.OK,), (StatusCode.ERROR, "late")],
        [(StatusCode.ERROR, "a"), (StatusCode.OK,)],
        [(StatusCode.ERROR, "a"), (StatusCode.UNSET,)],
        [(StatusCode.ERROR, "a"), (StatusCode.ERROR, "b")],
        [(Status(StatusCode.OK),), (Status(StatusCode.UNSET),)],
    ]
    for index, sequence in enumerate(sequences):
        span = tracer.start_span(str(index))
        for arguments in sequence:
            span.set_status(*arguments)
        span.end()


def exceptions_in_a_block(provider, tracer):
    for index, (records, sets) in enumerate([(True, True), (False, True), (True, False)]):
        try:
            with tracer.start_as_current_span(
                str(index), record_exception=records, set_status_on_exception=sets
            ):
                raise KeyError("broken")
        except KeyError:
            pass
        try:
            with tracer.start_span(
                f"plain {index}", record_exception=records, set_status_on_exception=sets
            ):
                raise LookupError("broken", 2)
        except LookupError:
            pass


def exceptions_that_are_no_errors(provider, tracer):
    for error in (SystemExit(1), KeyboardInterrupt(), GeneratorExit()):
        try:
            with tracer.start_as_current_span("current"):
                raise error
        except BaseException:
            pass
        try:
            with tracer.start_span("plain"):
                raise error
        except BaseException:
            pass


def exceptions_as_events(provider, tracer):
    span = tracer.start_span("a")
    span.record_exception(ValueError("v"), {"more": 1, "exception.message": "mine"}, T0, True)
    span.record_exception(RuntimeError("no stack"))
    span.end()
