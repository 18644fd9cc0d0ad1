"""Phases that an application accounts with ``waiting``."""

import time

import pytest

from telemetry.guard import Guard
from telemetry.requests.record import set_current_record, waiting
from telemetry.requests.recorder import Recorder
from tests.telemetry.records import record


def wait_and_fail():
    with waiting("threadpool"):
        time.sleep(0.01)
        raise KeyError


@pytest.fixture
def request_record():
    found = record(started_ns=time.perf_counter_ns())
    set_current_record(found)
    yield found
    set_current_record(None)


def test_a_wait_is_added_to_its_phase_whatever_ends_it(request_record):
    with waiting("threadpool"):
        time.sleep(0.01)
    once = request_record.phase_seconds["threadpool"]
    with pytest.raises(KeyError):
        wait_and_fail()
    assert (once >= 0.01, request_record.phase_seconds["threadpool"] >= once + 0.01) == (True, True)
    assert request_record.open_waits == []


def test_a_wait_that_outlives_its_request_is_counted_until_the_request_ends(request_record):
    recorder, completed = Recorder(Guard(strict=True, on_error=print)), []
    recorder.add_sink("test", completed.append)
    recorder.begin(request_record)
    with waiting("threadpool"):
        time.sleep(0.01)
        recorder.complete(request_record, "client_disconnected")
        counted = dict(request_record.phase_seconds)
        time.sleep(0.01)
    assert (request_record.phase_seconds, completed[0].phase_seconds) == (counted, counted)
    assert 0.01 <= counted["threadpool"] <= request_record.duration_seconds


def test_outside_of_a_request_a_wait_is_only_measured():
    with waiting("threadpool") as wait:
        time.sleep(0.01)
    assert wait.took_ns >= 10_000_000
