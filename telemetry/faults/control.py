"""The control route: which faults a worker can do to itself, and which are at work.

    GET    /debug/faults                    what each does, and whether it is at work
    POST   /debug/faults/NAME?seconds=600   press one; it ends by itself after so many seconds
    DELETE /debug/faults/NAME               release it

Only for the machine itself, whatever token a client has, and for no page in a browser. Answered by
native threads, so that a blocked hub can be released; a fault that begins in a greenlet is waited
for, so that the response is true.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from typing import Any, Final, Literal
from urllib.parse import parse_qs

import gevent

from telemetry.faults.clock import step_clock
from telemetry.faults.hub import block_hub, hold_interpreter
from telemetry.faults.lease import Lease
from telemetry.faults.memory import leak_memory
from telemetry.faults.pool import PoolLeak
from telemetry.management.protocol import Request, Response, json_response, problem
from telemetry.native import new_lock, run_on_hub, sleep, start_thread

PATH: Final = "/debug/faults"
MOST_SECONDS: Final = 3600
USUAL_SECONDS: Final = 600
BEGIN_SECONDS: Final = 5.0
END_SECONDS: Final = 5.0
POLL_SECONDS: Final = 0.01

_log = getLogger("telemetry.faults")


@dataclass(frozen=True, slots=True)
class Fault:
    """What a worker can do to itself.

    Args:
        what: One sentence.
        run: Begins, goes on for as long as the lease lasts, and restores everything.
        place: Where it runs.
    """

    what: str
    run: Callable[[Lease], None]
    place: Literal["hub", "thread"]


class FaultControl:
    """Presses and releases faults of this worker; answers from any thread.

    Attributes:
        path: Of the route; the faults are below it.
        clients: MongoDB clients whose pools a fault may empty.
    """

    def __init__(self) -> None:
        self.path = PATH
        self.clients: list[Any] = []
        self._faults: Mapping[str, Fault] = {
            "small-pool": Fault(
                "holds every connection of its MongoDB pool but one", PoolLeak(self.clients), "hub"
            ),
            "blocked-hub": Fault(
                "blocks its hub for half of each second, in a call", block_hub, "hub"
            ),
            "gil-hog": Fault(
                "keeps the interpreter in a thread, for most of the time",
                hold_interpreter,
                "thread",
            ),
            "memory-leak": Fault("grows by 8 MiB a second, 256 MiB at most", leak_memory, "thread"),
            "clock-step": Fault("has its clock two minutes ahead", step_clock, "thread"),
        }
        self._leases: dict[str, Lease] = {}
        self._lock = new_lock()
        self._hub: gevent.hub.Hub | None = None

    def start(self) -> None:
        """Be ready to press; in the worker's process, from the thread whose hub serves requests."""
        self._hub = gevent.get_hub()
        _log.warning("TELEMETRY_FAULTS is set: faults can be pressed at the management port")

    def respond(self, request: Request) -> Response:
        """Return the response to a request for ``path`` or a path below it."""
        name = request.path.removeprefix(PATH).strip("/")
        if not name:
            return self._listed(request)
        if name not in self._faults:
            return problem(404, f"The faults are {', '.join(self._faults)}.")
        return self._one(name, request)

    def _one(self, name: str, request: Request) -> Response:
        match request.method:
            case _ if "origin" in request.headers:
                return problem(403, "A page in a browser may not press faults.")
            case "POST":
                return self._pressed(name, request)
            case "DELETE":
                return self._released(name)
            case "GET" | "HEAD":
                return json_response(200, self._row(name))
        return _not_allowed("GET, HEAD, POST, DELETE")

    def stop(self) -> None:
        """Release all; what they hold is returned within a moment."""
        for lease in self._leases.values():
            lease.release()

    def _listed(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return _not_allowed("GET, HEAD")
        return json_response(200, {"faults": [self._row(each) for each in self._faults]})

    def _pressed(self, name: str, request: Request) -> Response:
        text = parse_qs(request.query).get("seconds", [str(USUAL_SECONDS)])[-1]
        if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_SECONDS):
            return problem(
                400, f"The parameter seconds should be a whole number from 1 to {MOST_SECONDS}."
            )
        with self._lock:
            if self._hub is None or self._is_on(name):
                return problem(409, f"{name} is on already.")
            lease = self._leases[name] = Lease(int(text))
        run_on_hub(self._hub, _log.warning, "fault on: %s, for %s s at most", name, text)
        self._begin(self._hub, name, lease)
        return self._begun(name, lease)

    def _begun(self, name: str, lease: Lease) -> Response:
        if not _comes(lambda: lease.begun or bool(lease.error), BEGIN_SECONDS):
            lease.release()
            return problem(503, f"{name} did not begin within {BEGIN_SECONDS:g} s.")
        if lease.error:
            return problem(409, f"{name} cannot begin: {lease.error}.")
        return json_response(200, self._row(name))

    def _begin(self, hub: gevent.hub.Hub, name: str, lease: Lease) -> None:
        fault = self._faults[name]
        run = partial(_run, fault, lease, partial(self._end, hub, name))
        if fault.place == "hub":
            run_on_hub(hub, run)
        else:
            start_thread(run)

    def _end(self, hub: gevent.hub.Hub, name: str, lease: Lease) -> None:
        lease.ended = True
        run_on_hub(hub, _log.warning, "fault off: %s, after %.0f s", name, lease.age_seconds)

    def _released(self, name: str) -> Response:
        if not self._is_on(name):
            return problem(409, f"{name} is not on.")
        lease = self._leases[name]
        lease.release()
        if not _comes(lambda: lease.ended, END_SECONDS):
            return problem(503, f"{name} did not end within {END_SECONDS:g} s.")
        return json_response(200, self._row(name))

    def _is_on(self, name: str) -> bool:
        lease = self._leases.get(name)
        return lease is not None and not lease.ended

    def _row(self, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {
            "name": name,
            "what": self._faults[name].what,
            "on": self._is_on(name),
        }
        if row["on"]:
            lease = self._leases[name]
            row |= {
                "forSeconds": round(lease.age_seconds, 1),
                "leftSeconds": round(lease.left_seconds, 1),
            }
        return row


def _not_allowed(methods: str) -> Response:
    return problem(405, f"Only {methods} are allowed here.", Allow=methods)


def _run(fault: Fault, lease: Lease, on_end: Callable[[Lease], None]) -> None:
    try:
        fault.run(lease)
    except Exception as error:
        lease.error = f"{error}".partition("\n")[0] or type(error).__name__
    finally:
        on_end(lease)


def _comes(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll in this native thread; returns whether the condition came to hold."""
    for _ in range(round(seconds / POLL_SECONDS)):
        if condition():
            return True
        sleep(POLL_SECONDS)
    return condition()
