"""The line of a request is the one that the encoder of all other lines would write."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config import TelemetryConfig
from telemetry.logs.access import RequestLog
from telemetry.logs.lines import MAX_LINE_BYTES, TRUNCATED, Timestamps, encode, timestamp
from telemetry.requests.completed import freeze
from tests.telemetry.records import BASE, completed, record

RESOURCE = {"service": 'sh"op', "instance": "hôst/0", "environment": "test\n"}
TEXTS = st.text(max_size=60) | st.text(st.characters(categories=["Cs", "Cc", "Ll"]), max_size=9)
HALVES = [0.0, 5e-324, 0.0000005, 0.0078125, 0.1234565, 1e22]
SECONDS = st.floats(0, 1e6) | st.sampled_from(HALVES)


class Lines(list):
    """Where lines go."""

    write = list.append


def members(request):
    """The members of a line, as mappings were encoded before lines were made as text."""
    failed = request.outcome in ("failed", "killed", "timeout") or (request.status or 0) >= 500
    return {
        "time": timestamp(request.started_unix_ns / 1e9 + request.duration_seconds),
        "level": "ERROR" if failed else "INFO",
        "logger": "access",
        "message": "request",
        "request_id": request.request_id,
        "trace_id": request.trace_id,
        "span_id": request.span_id,
        "method": request.method,
        "route": request.route,
        "path": request.path,
        "query": request.query,
        "status": request.status,
        "duration_seconds": round(request.duration_seconds, 6),
        "phases": {name: round(seconds, 6) for name, seconds in request.phase_seconds.items()},
        "response_bytes": request.response_bytes,
        "client_address": request.client_address,
        "user_agent": request.user_agent,
        "outcome": request.outcome,
        **({"correlation_ids": request.correlation_ids} if request.correlation_ids else {}),
        **({"error_type": request.error_type} if request.error_type else {}),
        **({"refusal": request.refusal} if request.refusal else {}),
        **RESOURCE,
    }


def written(*requests):
    """The lines of requests, as bytes."""
    lines = Lines()
    log = RequestLog(lines, TelemetryConfig(), RESOURCE)
    for request in requests:
        log(request)
    return [encode(line) for line in lines]


def no_constant(name):
    raise ValueError(f"{name} is not JSON")


def strict(line):
    """Parse what any parser of JSON takes."""
    return json.loads(line, parse_constant=no_constant)


@given(
    method=st.sampled_from(["GET", "POST"]) | TEXTS,
    route=TEXTS,
    path=TEXTS,
    query=TEXTS,
    client_address=TEXTS,
    user_agent=TEXTS,
    error_type=TEXTS,
    refusal=TEXTS,
    correlation_ids=st.lists(TEXTS, max_size=3).map(tuple),
    status=st.none() | st.integers(100, 599),
    response_bytes=st.integers(0, 2**63 - 1),
    started_unix_ns=st.integers(0, 4_000_000_000_000_000_000),
    duration_seconds=SECONDS.filter(lambda seconds: seconds < 1e9),
    phase_seconds=st.dictionaries(st.sampled_from(["db", "cpu", 'o"dd']), SECONDS, max_size=3),
    outcome=st.sampled_from(["completed", "failed", "killed"]),
)
def test_any_request_is_the_same_line(**facts):
    request = completed(**facts)
    (line,) = written(request)
    assert line.isascii()
    assert line.count(b"\n") == 1
    expected = strict(encode(members(request)))
    # A half of the last digit may be rounded up or to even.
    for name in ("duration_seconds", "phases"):
        expected[name] = pytest.approx(expected[name], abs=1.01e-6)
    assert strict(line) == expected


def test_record_is_the_same_line_as_its_frozen_copy():
    request = record(phase_seconds={"db": 0.5}, outcome="completed", refusal="late")
    assert written(request) == written(freeze(request))


def test_line_that_is_too_long_is_shortened_as_others_are():
    request = completed(path="/" + "ä" * MAX_LINE_BYTES)
    (line,) = written(request)
    assert len(line) <= MAX_LINE_BYTES + 1
    short, expected = strict(line), strict(encode(members(request)))
    # Numbers are not spelled alike: six digits, and as few as possible.
    assert abs(short.pop(TRUNCATED) - expected.pop(TRUNCATED)) < 100
    assert short == expected


@given(st.floats(0, 4e9) | st.integers(0, 4_000_000_000_000_000).map(lambda us: us / 1e6))
def test_times_are_those_of_the_calendar(unix_seconds):
    assert Timestamps()(unix_seconds) == timestamp(unix_seconds)


@pytest.mark.parametrize("unix_seconds", [-1.5, -1e-7, 1_700_000_000.9999999, 0.0])
def test_times_at_the_edges(unix_seconds):
    assert Timestamps()(unix_seconds) == timestamp(unix_seconds)


def test_times_that_follow_each_other():
    times = Timestamps()
    start = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    for step in (0, 0.000001, 0.5, 1, 1.25, 0.75, 60, 0):
        assert times(start + step) == timestamp(start + step)


def test_base_record_has_a_line():
    (line,) = written(BASE)
    assert strict(line)["route"] == BASE.route


@given(st.integers(0, 4_000_000_000_000_000_000), st.integers(1, 10**9), st.integers(0, 10**9))
def test_request_that_only_queued_and_ran_is_the_same_line(unix_ns, queue_ns, cpu_ns):
    request = record(
        started_unix_ns=unix_ns,
        ended_ns=BASE.started_ns + queue_ns + cpu_ns,
        duration_seconds=(queue_ns + cpu_ns) / 1e9,
        phase_seconds={"queue": queue_ns / 1e9, "cpu": cpu_ns / 1e9},
        outcome="completed",
    )
    expected = strict(*written(request))
    request.began_ns = request.started_ns + queue_ns
    found = strict(*written(request))
    # Floating point numbers of that size are rounded to a quarter of a microsecond.
    before, after = (
        datetime.fromisoformat(line.pop("time")).timestamp() for line in (expected, found)
    )
    assert after == pytest.approx(before, abs=1.6e-6, rel=0)
    for name in ("duration_seconds", "phases"):
        expected[name] = pytest.approx(expected[name], abs=1.01e-6)
    assert found == expected


@given(st.integers(0, 4_000_000_000_000_000).map(lambda us: us * 1000))
def test_integers_are_the_same_times(unix_ns):
    whole, rest = divmod(unix_ns, 10**9)
    expected = f"{timestamp(whole)[:-7]}{rest // 1000:06d}Z"
    assert Timestamps().of_nanoseconds(unix_ns) == expected
    assert Timestamps().of_nanoseconds(unix_ns + 499) == expected
