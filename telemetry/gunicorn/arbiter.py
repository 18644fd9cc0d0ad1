"""The arbiter's side: slots, management sockets, signals and the exit status of the whole.

gunicorn's arbiter can't be subclassed from a configuration, so a few of its methods are replaced on
the instance. Nothing here is monkey-patched and no hub exists: this is the parent that forks.
"""

import contextlib
import itertools
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from gunicorn.errors import HaltServer

from telemetry.config import TelemetryConfig
from telemetry.gunicorn.worker_state import Ticket
from telemetry.server.shutdown_signal import HELD_SIGNALS, SAME_SIGNAL_SECONDS
from telemetry.server.sockets import PortError, listen

STOPPING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)

_log = logging.getLogger("gunicorn.error")


class Fleet:
    """The workers of one arbiter.

    Args:
        arbiter: Has read its configuration, and forked nothing yet.
        config: Where the management ports are.
        clock: Monotonic seconds.

    Raises:
        PortError: A management port of one of the first workers is taken.
    """

    def __init__(
        self, arbiter: Any, config: TelemetryConfig, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.failed = False
        self._arbiter = arbiter
        self._config = config
        self._clock = clock
        self._asked_at: float | None = None
        self._halting = False
        self._sockets = {slot: self._management_socket(slot) for slot in range(arbiter.cfg.workers)}
        self._stock_signal, self._stock_kill = arbiter.signal, arbiter.kill_worker
        self._stock_reap, self._stock_stop = arbiter.reap_workers, arbiter.stop
        self._stock_spawn = arbiter.spawn_worker
        arbiter.signal, arbiter.kill_worker = self._signal, self._kill
        arbiter.reap_workers, arbiter.stop = self._reap, self._stop
        arbiter.spawn_worker = self._spawn

    def admit(self, worker: Any) -> None:
        """Before the fork: give the worker the lowest free slot. It follows from who is there, so
        nothing has to be given back.
        """
        taken = {
            other.ticket.slot
            for other in self._arbiter.WORKERS.values()
            if other.ticket.fate != "retired"
        }
        slot = next(number for number in itertools.count() if number not in taken)
        worker.ticket = Ticket(slot)
        if slot not in self._sockets:
            try:
                self._sockets[slot] = self._management_socket(slot)
            except PortError as error:
                # The service runs; one worker fewer to look at is no reason to end it.
                self._sockets[slot] = listen(
                    self._config.management_host,
                    0,
                    purpose="management",
                    setting="TELEMETRY_MANAGEMENT_PORT",
                )
                _log.error(
                    "%s; slot %s listens on port %s instead",
                    error,
                    slot,
                    self._sockets[slot].getsockname()[1],
                )

    def enter(self, worker: Any) -> None:
        """In the new worker: say through the environment who it is, keep its own management socket
        and no other.
        """
        os.environ["TELEMETRY_SLOT"] = str(worker.ticket.slot)
        os.environ["TELEMETRY_MANAGEMENT_FD"] = str(
            os.dup(self._sockets[worker.ticket.slot].fileno())
        )
        for inherited in self._sockets.values():
            inherited.close()

    def retire_all(self) -> None:
        """At a reload: successors take over slots and management sockets while these drain."""
        for worker in self._arbiter.WORKERS.values():
            worker.ticket.fate = "retired"

    def bury(self, worker: Any) -> None:
        """A worker is gone. Only the end of the whole counts for its exit status: what died before
        then has a successor.
        """
        if self._halting and not worker.ticket.clean:
            self.failed = True
        worker.ticket.close()

    def end(self) -> None:
        """The arbiter is about to exit.

        Raises:
            SystemExit: A worker cut requests, failed, or had to be killed; the code is 1.
        """
        for listener in self._sockets.values():
            listener.close()
        if self.failed or any(not worker.ticket.clean for worker in self._arbiter.WORKERS.values()):
            raise SystemExit(1)

    def _management_socket(self, slot: int) -> socket.socket:
        base = self._config.management_port
        port = base + slot if base else 0
        return listen(
            self._config.management_host,
            port,
            purpose=f"management of slot {slot}",
            setting="TELEMETRY_MANAGEMENT_PORT",
        )

    def _signal(self, number: int, frame: object) -> None:
        if number in STOPPING and self._asked_at is None:
            # SIGINT would drop requests, SIGUSR2 would start a second arbiter: each is a drain
            # here.
            self._asked_at = self._clock()
            self._stock_signal(signal.SIGTERM, frame)
        elif self._asked_at is None or number not in (*STOPPING, signal.SIGQUIT):
            self._stock_signal(number, frame)
        elif self._clock() - self._asked_at >= SAME_SIGNAL_SECONDS:
            self._force()

    def _force(self) -> None:
        # Not through the arbiter, which would kill its workers two seconds later: too soon for them
        # to flush.
        for pid in list(self._arbiter.WORKERS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)

    def _spawn(self) -> Any:
        # What reaches the new worker before it has handlers of its own waits in the kernel: the
        # interpreter forgets what came in a fork.
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
        try:
            return self._stock_spawn()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_SIGNALS)

    def _kill(self, pid: int, number: int) -> None:
        worker = self._arbiter.WORKERS.get(pid)
        if number == signal.SIGTERM and worker is not None:
            if worker.ticket.told_to_drain:
                return
            worker.ticket.told_to_drain = True
        self._stock_kill(pid, number)

    def _reap(self) -> None:
        try:
            self._stock_reap()
        except HaltServer:
            # A worker that fails to start while the others drain must not end the wait for them.
            if not self._halting:
                raise
            self.failed = True
        if self._asked_at is not None and not self._halting:
            # In the middle of a reload, which looks at no signal until the old workers are gone.
            raise StopIteration

    def _stop(self, graceful: bool = True) -> None:
        self._halting = True
        for worker in self._arbiter.WORKERS.values():
            worker.ticket.fate = "last"
        self._stock_stop(graceful)
