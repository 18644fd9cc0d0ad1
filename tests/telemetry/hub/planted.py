"""Planted code that holds the hub, over and over, and whom the telemetry names for it.

``python -m tests.telemetry.hub.planted 50`` prints for each kind how many of 50 runs were named
right, by their caller or callee (true, but coarser or finer), not at all, and wrong.
"""

import collections
import ctypes
import json
import os
import random
import re
import sys
import time
import zlib
from typing import ClassVar

import gevent

from telemetry import native
from telemetry.guard import Guard
from telemetry.hub import HubMonitor
from telemetry.metrics import Metrics
from telemetry.names import UNKNOWN_CODE
from telemetry.phases import HubPhases
from tests.telemetry.records import record

_OBJECTS = [{"number": number, "text": str(number)} for number in range(1000)]
_BYTES = os.urandom(1 << 16)


def python_loop(seconds):
    until = time.thread_time() + seconds
    count = 0
    while time.thread_time() < until:
        count += 1


def json_dumps(seconds):
    json.dumps(_OBJECTS * Pace.of(lambda: json.dumps(_OBJECTS), seconds))


def backtracking(seconds):
    text = "a" * 12 + "c"
    times = Pace.of(lambda: re.sub(r"(a+)+b", "", text), seconds)
    re.sub(r"(a+)+b", "", (text + "\n") * times)


def compression(seconds):
    zlib.compress(_BYTES * Pace.of(lambda: zlib.compress(_BYTES), seconds))


def native_sleep(seconds):
    native.sleep(seconds)


def call_that_keeps_the_interpreter(seconds):
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


def two_helpers(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        _one()
        _other()


def _one():
    return sum(number * number for number in range(500))


def _other():
    return sum(number + number for number in range(500))


def keep_the_interpreter(seconds):
    sum(range(Pace.of(_add_up, seconds) * 10_000))


def _add_up():
    return sum(range(10_000))


class Pace:
    """How often a piece of work has to be done to take so long, measured once each."""

    _seconds: ClassVar[dict[str, float]] = {}

    @classmethod
    def of(cls, work, seconds):
        name = work.__qualname__
        if name not in cls._seconds:
            rounds = 30
            before = time.thread_time()
            for _ in range(rounds):
                work()
            cls._seconds[name] = (time.thread_time() - before) / rounds
        return max(1, int(seconds / cls._seconds[name]))


PLANTS = (
    python_loop,
    json_dumps,
    backtracking,
    compression,
    native_sleep,
    call_that_keeps_the_interpreter,
    two_helpers,
)


class Planting:
    """A monitored hub with some traffic, and the verdicts by plant."""

    def __init__(self):
        self.verdicts = collections.defaultdict(collections.Counter)
        self.errors = []
        guard = Guard(strict=False, on_error=self.errors.append)
        self.monitor = HubMonitor(Metrics(), guard, tuple)
        self.phases = HubPhases(guard)
        self.monitor.follow(self.phases)
        self._chance = random.Random(7)

    def __enter__(self):
        self.phases.start()
        self.monitor.start()
        self._traffic = [gevent.spawn(self._serve_others) for _ in range(3)]
        gevent.sleep(0.1)
        return self

    def __exit__(self, *_):
        gevent.killall(self._traffic)
        self.monitor.stop()
        self.phases.stop()

    def plant(self, work, seconds):
        """Let a request hold the hub, and another one wait for it."""
        request = record(request_id=work.__name__, route=f"/{work.__name__}")
        began_ns = time.perf_counter_ns()
        gevent.spawn(self._serve, request, lambda: self._handle(work, seconds)).join()
        self._judge(work.__name__, request, work)
        self._judge_victim(f"{work.__name__}, victim", began_ns, request, work)
        gevent.sleep(self._chance.random() * 0.03)

    def plant_two(self, one, other):
        """Let two requests hold the hub in one turn, the second one for longer."""
        requests = [record(request_id=work.__name__) for work in (one, other)]
        began_ns = time.perf_counter_ns()
        gevent.joinall(
            [
                gevent.spawn(self._serve, request, lambda w=work, s=seconds: self._handle(w, s))
                for request, work, seconds in zip(requests, (one, other), (0.1, 0.3), strict=True)
            ]
        )
        for request, work in zip(requests, (one, other), strict=True):
            self._judge("two in one turn", request, work)
        # Which of them took longer is the machine's choice as well.
        seconds = [self._held_seconds(request) for request in requests]
        longer = seconds.index(max(seconds))
        self._judge_victim(
            "two in one turn, victim", began_ns, requests[longer], (one, other)[longer]
        )
        gevent.sleep(0.02)

    def plant_thread(self, seconds):
        """Let another thread keep the interpreter from a request."""
        Pace.of(_add_up, seconds)
        started = []

        def run():
            started.append(True)
            native.sleep(0.005)
            keep_the_interpreter(seconds)

        def give_the_interpreter_away():
            for _ in range(12):
                native.sleep(0.001)

        request = record(request_id="victim of a thread")
        native.start_thread(run)
        while not started:
            gevent.sleep(0.001)
        gevent.spawn(self._serve, request, give_the_interpreter_away).join()
        for event in request.events:
            code = event.attributes["hub.code"]
            if event.name == "hub.waited" and code.endswith(":keep_the_interpreter"):
                verdict = "right"
            elif code == UNKNOWN_CODE:
                verdict = "not named"
            else:
                verdict = "wrong"
            self.verdicts["thread with the interpreter"][verdict] += 1
        gevent.sleep(0.05)

    def _serve(self, request, work):
        """Run work in the present greenlet, for a request."""
        request.started_ns = time.perf_counter_ns()
        request.greenlet = gevent.getcurrent()
        self.phases.begin(request)
        work()
        request.ended_ns = time.perf_counter_ns()
        self.phases.end(request)

    def _handle(self, work, seconds):
        _one()
        work(seconds)
        _other()

    def _held_seconds(self, request):
        # One that the machine took from it is a wait as well, inside of it.
        held = [event for event in request.events if event.name == "hub.held"]
        return sum(event.attributes["hub.seconds"] for event in held or request.events)

    def _judge(self, title, request, work):
        held = [event for event in request.events if event.name == "hub.held"]
        code = held[0].attributes["hub.code"] if held else UNKNOWN_CODE
        self.verdicts[title][_verdict(code, work)] += 1

    def _judge_victim(self, title, began_ns, culprit, work):
        victim = record(request_id="victim")
        self.monitor.on_long_wait(victim, began_ns, time.perf_counter_ns())
        attributes = victim.events[0].attributes
        verdict = _verdict(attributes["hub.code"], work)
        if attributes.get("hub.culprit.request_id", culprit.request_id) != culprit.request_id:
            verdict = "wrong"
        if verdict == "wrong":
            print(title, attributes, _seen(culprit), list(self.monitor._events.runs)[-4:])
        self.verdicts[title][verdict] += 1

    def _serve_others(self):
        while True:
            _one()
            gevent.sleep(0.004)


def _seen(request):
    return [(event.name, dict(event.attributes)) for event in request.events]


def _verdict(code, work):
    name = code.rpartition(":")[2]
    if name == work.__name__:
        return "right"
    if name in ("Planting._handle", "Planting.plant.<locals>.<lambda>"):
        return "its caller"
    if work is two_helpers and name.startswith(("_one", "_other")):
        return "its callee"
    return "not named" if name in (UNKNOWN_CODE, "many") else "wrong"


def plant_all(rounds):
    """Plant everything so many times; returns the verdicts by plant."""
    chance = random.Random(3)
    with Planting() as planting:
        for _ in range(rounds):
            for work in PLANTS:
                planting.plant(work, chance.choice([0.1, 0.15, 0.25]))
            planting.plant_two(*chance.sample(PLANTS, 2))
            planting.plant_thread(0.3)
    assert planting.errors == []
    return planting.verdicts


if __name__ == "__main__":
    for kind, counts in plant_all(int(sys.argv[1])).items():
        print(f"{kind:45}", dict(counts))
