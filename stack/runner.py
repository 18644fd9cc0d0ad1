"""A stack: backends started, waited for and stopped, at one port offset, in one folder.

`Stack` is the library's front door (the package's docstring has an example). Several may run side
by side, and the same
one may be looked at from several processes: what runs is in records on disk, compared with the
operating system.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from stack import golang, paths, ports, probes, processes
from stack.backends import BY_NAME, NAMES, STOP_NAMES, Backend, template_values
from stack.build import Builder
from stack.errors import StackError, last_line
from stack.probes import Answer
from stack.records import Record, Records

_POLL_SECONDS = 0.1
_LOG_TAIL_BYTES = 8192


class Stack:
    """One stack of backends.

    Args:
        offset: how much higher than the usual each port is; `stack.ports.free_offset` finds one for
            a test.
        directory: where its data, logs and records are; `stack.paths.state_directory(offset)` when
            left out.
        workers: how many gunicorn workers the service gets, which is how many management ports are
            scraped.
        builder: builds what is missing; one with the Go of this machine when left out.
    """

    def __init__(
        self,
        offset: int = 0,
        directory: Path | None = None,
        workers: int = 1,
        builder: Builder | None = None,
    ) -> None:
        self.offset = offset
        self.directory = (directory or paths.state_directory(offset)).resolve()
        self.workers = workers
        self.records = Records(self.directory / "run")
        self._builder = builder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._values = template_values(offset, workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    @property
    def builder(self) -> Builder:
        """What builds; looked for when first asked, because a Go may have to be fetched first."""
        if self._builder is None:
            cache = paths.cache_directory()
            self._builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
        return self._builder

    # -- what is where -----------------------------------------------------------------------------

    def backend(self, name: str) -> Backend:
        """The entry called `name`. Raises: StackError when there is none."""
        try:
            return BY_NAME[name]
        except KeyError:
            raise StackError(
                f"there is no backend {name!r}; there are {', '.join(NAMES)}"
            ) from None

    def port(self, name: str, which: str | None = None) -> int:
        """A port of backend `name`: its first one, or the one called `which`, e.g.

        Port("tempo", "otlp").
        """
        every = self.backend(name).all_ports(self.offset, self.workers)
        return every[which or next(iter(every))]

    def url(self, name: str) -> str:
        """Where a client finds backend `name`, without a trailing slash."""
        return self._filled(self.backend(name), self.backend(name).url)

    def pid(self, name: str) -> int | None:
        """The pid of backend `name` if it runs, else None."""
        record = self.records.alive(name)
        return None if record is None else record.pid

    def log_path(self, name: str) -> Path:
        """What backend `name` writes to stdout and stderr; appended to over restarts."""
        return self.directory / "logs" / f"{name}.log"

    def data_path(self, name: str) -> Path:
        """The folder backend `name` keeps its data in."""
        return self.directory / "data" / name

    def has_started(self, name: str) -> bool:
        """Whether this object (not another process) started backend `name`."""
        return name in self._children

    # -- start, wait, stop -------------------------------------------------------------------------

    def start(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start backend `name`, built first when that is missing; returns before it is ready.

        Args:
            env: what to set on top of the backend's own environment.
        Raises: StackError when it runs already, a port is taken, or its build fails.
        """
        backend = self.backend(name)
        if self.records.alive(name) is not None:
            raise StackError(
                f"{name} is already running, pid {self.pid(name)}: see ./serene status, or ./serene down"
            )
        self.require_free_ports(name)
        if backend.module:
            self.builder.build(backend)
        self.data_path(name).mkdir(parents=True, exist_ok=True)
        self.log_path(name).parent.mkdir(parents=True, exist_ok=True)
        with self.log_path(name).open("ab") as log:
            process = subprocess.Popen(
                [self._filled(backend, part) for part in backend.command],
                cwd=paths.ROOT,
                env=self.environment(name) | dict(env or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own session: Ctrl-C reaches only this command, which then stops things in
                # order.
                start_new_session=True,
            )
        identity = processes.identify(process.pid)
        self._children[name] = process
        self.records.write(
            Record(name, process.pid, identity.started if identity else "gone", self.workers)
        )

    def wait_ready(self, name: str, seconds: float = 60.0) -> None:
        """Wait until backend `name` does its work.

        Raises: StackError when it ends instead, or takes more than `seconds`.
        """
        self._wait(name, self.answer, seconds)

    def wait_live(self, name: str, seconds: float = 60.0) -> None:
        """Wait until backend `name` answers, though it may still miss another backend.

        Raises: as `wait_ready`.
        """
        self._wait(name, self.live_answer, seconds)

    def answer(self, name: str) -> Answer:
        """Ask backend `name` once whether it does its work."""
        return probes.ask(self._filled(self.backend(name), self.backend(name).ready))

    def live_answer(self, name: str) -> Answer:
        """Ask backend `name` once whether it runs, though it may miss another backend."""
        return probes.ask(
            self._filled(self.backend(name), self.backend(name).live or self.backend(name).ready)
        )

    def send(self, name: str, number: signal.Signals) -> None:
        """Send backend `name` a signal, e.g.

        SIGSTOP and SIGCONT. Raises: StackError when it does not run.
        """
        record = self.records.alive(name)
        if record is None or not processes.send(record.identity, number):
            raise StackError(f"{name} is not running")

    def stop(
        self, name: str, number: signal.Signals = signal.SIGTERM, seconds: float | None = None
    ) -> bool:
        """End backend `name` by `number`, and by SIGKILL after `seconds` (its own patience when
        left out).

        Returns: whether it went without SIGKILL (also when it did not run).
        """
        record = self.records.read(name)
        if record is None:
            return True
        patience = self.backend(name).stop_seconds if seconds is None else seconds
        willing = processes.stop(record.identity, number, patience)
        if name in self._children:
            self._children[name].wait()
        self.records.remove(name)
        return willing

    def stop_all(self) -> None:
        """End what this object started, each before what it uses."""
        for name in STOP_NAMES:
            if name in self._children:
                self.stop(name)

    def exit_status(self, name: str) -> int | None:
        """The exit status of backend `name` if this object started it and it ended.

        Minus the signal that ended it.
        """
        child = self._children.get(name)
        return None if child is None else child.poll()

    def seed(self, name: str) -> None:
        """Run what fills backend `name` with its demo data. Raises: StackError when that fails."""
        backend = self.backend(name)
        if not backend.seed:
            return
        done = subprocess.run(
            [self._filled(backend, part) for part in backend.seed],
            cwd=paths.ROOT,
            env=self.environment(name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        with self.log_path(name).open("a") as log:
            log.write(done.stdout + done.stderr)
        if done.returncode != 0:
            raise StackError(
                f"loading {name}'s demo data failed with exit status {done.returncode}: "
                f"{last_line(done.stdout + done.stderr)} (whole log: {self.log_path(name)})"
            )

    # -- for the command line ----------------------------------------------------------------------

    def require_free_ports(self, name: str) -> None:
        """Raises: StackError when another process has a port of backend `name`."""
        ports.require_free(name, self.backend(name).all_ports(self.offset, self.workers).values())

    def environment(self, name: str) -> dict[str, str]:
        """The whole environment backend `name` is started with."""
        backend = self.backend(name)
        return dict(os.environ) | {
            key: self._filled(backend, text) for key, text in backend.environment.items()
        }

    def last_log_line(self, name: str) -> str:
        """The last line backend `name` wrote."""
        try:
            with self.log_path(name).open("rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - _LOG_TAIL_BYTES))
                return last_line(log.read().decode(errors="replace"))
        except FileNotFoundError:
            return "(nothing)"

    def death_notice(self, name: str) -> str:
        """One line on a backend that ended by itself: exit status, its last line, its log."""
        status = self.exit_status(name)
        how = (
            "ended"
            if status is None
            else f"was ended by {signal.Signals(-status).name}"
            if status < 0
            else (f"ended with exit status {status}")
        )
        return f"{name} {how}; last log line: {self.last_log_line(name)[:300]} (whole log: {self.log_path(name)})"

    def _wait(self, name: str, ask: Callable[[str], Answer], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            answer = ask(name)
            if answer.ready:
                return
            if self.records.alive(name) is None:
                raise StackError(self.death_notice(name))
            if time.monotonic() >= deadline:
                raise StackError(
                    f"{name} is not ready after {seconds:.0f} s: it {answer.said}; last log line: "
                    f"{self.last_log_line(name)[:300]} (whole log: {self.log_path(name)})"
                )
            time.sleep(_POLL_SECONDS)

    def _filled(self, backend: Backend, template: str) -> str:
        folder = self.builder.directory(backend) if "{bin}" in template else ""
        return template.format(
            **self._values,
            root=paths.ROOT,
            python=sys.executable,
            data=self.data_path(backend.name),
            bin=folder,
        )
