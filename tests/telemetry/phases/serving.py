"""Requests without a server: their work runs between the begin and the end of their record."""

import time

import gevent

from telemetry.guard import Guard
from telemetry.phases import HubPhases
from telemetry.requests import inheritance
from telemetry.requests.record import RequestRecord, current_record, set_current_record
from telemetry.requests.recorder import ACCOUNT_PHASES, Recorder, Step
from tests.telemetry.records import record


def burn(seconds):
    """Run for at least so long without a switch; returns the seconds."""
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        pass
    return time.perf_counter() - began


class Server:
    """Serves requests in greenlets of a hub whose time is cut into phases."""

    def __init__(self, phases=None):
        guard = Guard(strict=True, on_error=print)
        self.phases = phases or HubPhases(guard)
        self.recorder = Recorder(
            guard,
            begin=(Step("phases", self.phases.begin),),
            completion=(Step("time", self.phases.end), ACCOUNT_PHASES),
        )
        self.records: list[RequestRecord] = []

    def start(self):
        inheritance.install()
        self.phases.start()

    def stop(self):
        self.phases.stop()
        inheritance.uninstall()

    def run(self, work, **facts):
        """Serve one request in the running greenlet; returns its completed record."""
        request = record(**{"started_ns": time.perf_counter_ns(), "status": 200, **facts})
        request.greenlet = gevent.getcurrent()
        before = current_record()
        set_current_record(request)
        self.recorder.begin(request)
        outcome = "completed"
        try:
            work()
        except BaseException:
            outcome = "failed"
            raise
        finally:
            self.recorder.complete(request, outcome)
            set_current_record(before)
            self.records.append(request)
        return request

    def serve(self, *works):
        """Serve requests side by side, each in a greenlet of its own; returns their records."""
        greenlets = [gevent.spawn(self.run, work) for work in works]
        gevent.joinall(greenlets, raise_error=True)
        return [greenlet.value for greenlet in greenlets]
