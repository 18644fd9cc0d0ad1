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

from gunicorn import sock
from gunicorn.errors import HaltServer

from telemetry.config import TelemetryConfig
from telemetry.gunicorn.worker_state import WorkerState
from telemetry.server.shutdown_signal import HELD_SIGNALS, SAME_SIGNAL_SECONDS
from telemetry.sockets import PortError, listen

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2)
PORT_SETTING: Final = "TELEMETRY_MANAGEMENT_PORT"

_log = logging.getLogger("gunicorn.error")


def _leave_to_workers(_listener: socket.socket) -> bool:
    """Stand in for gunicorn's question whether it still has to listen on a bound socket."""
    return True


class ArbiterPatch:
    """The replaced methods of one arbiter, and what they need to remember.

    Args:
        arbiter: Has read its configuration, and forked nothing yet.
        config: Host and base of the management ports.
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
        # A connection that is queued before a worker can serve would be lost with a host that dies
        # while it starts, and a load balancer would send it more: it is refused until then, and
        # sent elsewhere. ``ListeningServer`` listens.
        sock.BaseSocket._is_listening = staticmethod(_leave_to_workers)
        self._stop_requested_at: float | None = None
        self._halting = False
        self._sockets = {slot: self._management_socket(slot) for slot in range(arbiter.cfg.workers)}
        self._stock_signal, self._stock_kill = arbiter.signal, arbiter.kill_worker
        self._stock_reap, self._stock_stop = arbiter.reap_workers, arbiter.stop
        self._stock_spawn = arbiter.spawn_worker
        arbiter.signal, arbiter.kill_worker = self._signal, self._kill_worker
        arbiter.reap_workers, arbiter.stop = self._reap_workers, self._stop
        arbiter.spawn_worker = self._spawn_worker

    def assign_slot(self, worker: Any) -> None:
        """Give a worker the lowest free slot, before its fork.

        The slots in use follow from the living workers, so none has to be released.
        """
        taken = {
            other.state.slot
            for other in self._arbiter.WORKERS.values()
            if other.state.role != "retired"
        }
        slot = next(number for number in itertools.count() if number not in taken)
        worker.state = WorkerState(slot)
        if slot not in self._sockets:
            try:
                self._sockets[slot] = self._management_socket(slot)
            except PortError as error:
                # The service runs; one worker that cannot be scraped is no reason to end it.
                substitute = self._listen(0, "management")
                self._sockets[slot] = substitute
                port = substitute.getsockname()[1]
                _log.error("%s; slot %s listens on port %s instead", error, slot, port)

    def init_worker(self, worker: Any) -> None:
        """Set up the environment of a new worker, in its process.

        It keeps its own management socket and closes those of the others.
        """
        own_socket = self._sockets[worker.state.slot]
        os.environ["TELEMETRY_SLOT"] = str(worker.state.slot)
        os.environ["TELEMETRY_MANAGEMENT_FD"] = str(os.dup(own_socket.fileno()))
        for inherited in self._sockets.values():
            inherited.close()

    def retire_workers(self) -> None:
        """At a reload, let successors take over slots and management sockets while these drain."""
        for worker in self._arbiter.WORKERS.values():
            worker.state.role = "retired"

    def on_worker_exit(self, worker: Any) -> None:
        """Record how a worker ended.

        Only the end of the whole counts for its exit status: a worker that died before has a
        successor.
        """
        if self._halting and not worker.state.exited_cleanly:
            self.failed = True
        worker.state.close()

    def on_arbiter_exit(self) -> None:
        """Close the management sockets and decide the exit code.

        Raises:
            SystemExit: A worker cut requests, failed, or had to be killed; the code is 1.
        """
        for listener in self._sockets.values():
            listener.close()
        workers = self._arbiter.WORKERS.values()
        if self.failed or any(not worker.state.exited_cleanly for worker in workers):
            raise SystemExit(1)

    def _management_socket(self, slot: int) -> socket.socket:
        return self._listen(self._config.management_port_of(slot), f"management of slot {slot}")

    def _listen(self, port: int, purpose: str) -> socket.socket:
        return listen(self._config.management_host, port, purpose=purpose, setting=PORT_SETTING)

    def _signal(self, number: int, frame: object) -> None:
        if number in STOP_SIGNALS and self._stop_requested_at is None:
            # SIGINT would drop requests, SIGUSR2 would start a second arbiter: each is a drain
            # here.
            self._stop_requested_at = self._clock()
            self._stock_signal(signal.SIGTERM, frame)
        elif self._stop_requested_at is None or number not in (*STOP_SIGNALS, signal.SIGQUIT):
            self._stock_signal(number, frame)
        elif self._clock() - self._stop_requested_at >= SAME_SIGNAL_SECONDS:
            self._force_stop()

    def _force_stop(self) -> None:
        # Not through the arbiter, which would kill its workers two seconds later: too soon for them
        # to flush.
        for pid in list(self._arbiter.WORKERS):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT)

    def _spawn_worker(self) -> Any:
        # A signal that reaches the new worker before it has its handlers waits in the kernel: the
        # interpreter loses what arrives during a fork.
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD_SIGNALS)
        try:
            return self._stock_spawn()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_SIGNALS)

    def _kill_worker(self, pid: int, number: int) -> None:
        worker = self._arbiter.WORKERS.get(pid)
        if number == signal.SIGTERM and worker is not None:
            if worker.state.drain_signalled:
                return
            worker.state.drain_signalled = True
        self._stock_kill(pid, number)

    def _reap_workers(self) -> None:
        try:
            self._stock_reap()
        except HaltServer:
            # A worker that fails to start while the others drain must not end the wait for them.
            if not self._halting:
                raise
            self.failed = True
        if self._stop_requested_at is not None and not self._halting:
            # In the middle of a reload, which reads no signal until the old workers are gone.
            raise StopIteration

    def _stop(self, graceful: bool = True) -> None:
        self._halting = True
        for worker in self._arbiter.WORKERS.values():
            worker.state.role = "last"
        self._stock_stop(graceful)
