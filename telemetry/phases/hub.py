"""``PhaseHub``: a hub of gevent that accounts what its greenlets wait for.

gevent's compiled code calls an overridden ``wait`` and ``switch``, so the class of the existing hub
is exchanged, and nothing else. Both run at every wait of every greenlet: they do little, and
nothing of theirs may raise.
"""

import time
from functools import lru_cache
from typing import Any, Protocol

from greenlet import getcurrent

from telemetry.phases.greenlet_line import SOCKET_WATCHER, GreenletLine
from telemetry.phases.request_line import RequestLine
from telemetry.requests.open_waits import LINE
from telemetry.requests.record import RequestRecord

_clock_ns = time.perf_counter_ns


class Accounts(Protocol):
    """What the hub reports to; nothing of it raises."""

    long_ns: int
    given_ns: int
    """When the running greenlet, or else the hub, got control."""

    running: RequestRecord | None
    """Whose greenlet runs; ``None`` where that has no time line, or one that has ended."""

    def leave(self, line: GreenletLine, now_ns: int) -> None:
        """A greenlet with a time line begins to wait."""

    def resume_socket(self, line: RequestLine, result: object) -> None:
        """A plain time line's greenlet runs again after a wait for a socket."""

    def resume(self, line: GreenletLine, result: object) -> None:
        """It runs again."""

    def ran_long(self, line: GreenletLine | None, given_ns: int, now_ns: int) -> None:
        """A greenlet ran for ``long_ns`` or longer, and begins to wait."""


@lru_cache(maxsize=8)
def phase_hub_class(base: type) -> type:
    """Return the class that a hub of class ``base`` becomes.

    Args:
        base: gevent's ``Hub``, or a class that someone else made of it.
    """
    members = {"wait": _wait_around(base.wait), "switch": _switch_around(base.switch)}  # type: ignore[attr-defined]
    return type("PhaseHub", (base,), {**members, "__module__": __name__})


def _wait_around(base_wait: Any) -> Any:
    def wait(self: Any, watcher: Any) -> Any:
        """Wait for an event of the loop."""
        # A server waits most for requests; then nobody's time line has to be searched.
        line: GreenletLine | None = None
        if self.telemetry_accounts.running is not None:
            line = getattr(getcurrent(), LINE, None)
        if line is None:
            return base_wait(self, watcher)
        line.watcher = watcher
        try:
            return base_wait(self, watcher)
        finally:
            line.watcher = None

    return wait


def _switch_around(base_switch: Any) -> Any:
    def switch(self: Any) -> Any:
        """Let the hub run others until what the greenlet waits for has come."""
        accounts: Accounts = self.telemetry_accounts
        now_ns = _clock_ns()
        given_ns, accounts.given_ns = accounts.given_ns, now_ns
        line: Any = None
        if accounts.running is not None:
            line = getattr(getcurrent(), LINE, None)
        if now_ns - given_ns >= accounts.long_ns:
            accounts.ran_long(line, given_ns, now_ns)
        if line is None:
            try:
                return base_switch(self)
            finally:
                accounts.given_ns = _clock_ns()
        watcher = line.watcher
        is_plain_socket = (
            watcher is not None and line.is_plain and type(watcher).__name__ == SOCKET_WATCHER
        )
        if is_plain_socket:
            # As ``leave``, without the calls: nearly every wait is one of these.
            line.cpu_ns += now_ns - line.ran_ns - line.collected_ns
            line.gc_ns += line.collected_ns
            line.ran_ns = line.collected_ns = 0
            line.wait_ns = now_ns
            if line.due_ns:  # of a timer before
                line.due_ns = 0
            accounts.running = None
        else:
            accounts.leave(line, now_ns)
        try:
            result = base_switch(self)
        except BaseException as error:
            accounts.resume(line, error)
            raise
        if is_plain_socket:
            accounts.resume_socket(line, result)
        else:
            accounts.resume(line, result)
        return result

    return switch
