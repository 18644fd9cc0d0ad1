"""A stack: backends started, waited for and stopped, at one port offset, in one folder.

`Stack` is the library's entry point (the package's docstring has an example). Several stacks can
run side by side, and several processes can inspect the same one: records on disk list the started
processes, and the operating system shows which of them run.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from stack import configs, golang, paths, ports, probes, processes
from stack.backend import Backend
from stack.backends import BY_NAME, NAMES, STOP_NAMES, template_values
from stack.build import Builder
from stack.errors import StackError, last_line, last_line_of
from stack.probes import ProbeResult
from stack.records import Record, Records

_POLL_SECONDS = 0.1


class Stack:
    """One stack of backends.

    Args:
        offset: added to every default port; `stack.ports.free_offset` returns one for a test.
        directory: folder of its data, logs and records; by default the one of this offset.
        workers: number of gunicorn workers, and of management ports that are scraped.
        builder: builds missing backends; one with this machine's Go when left out.
        deploy: folder that `python -m dashboards --output` wrote; deploy/ when left out.
    """

    def __init__(
        self,
        offset: int = 0,
        directory: Path | None = None,
        workers: int = 1,
        builder: Builder | None = None,
        deploy: Path = paths.ROOT / "deploy",
    ) -> None:
        self.offset = offset
        self.directory = (directory or paths.state_directory(offset)).resolve()
        self.workers = workers
        self.records = Records(self.directory / "run")
        self._builder = builder
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._values = template_values(offset, workers) | {"deploy": deploy}

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
        """The builder; created at its first use, because Go may have to be fetched."""
        if self._builder is None:
            cache = paths.cache_directory()
            self._builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
        return self._builder

    # -- ports, URLs and paths ---------------------------------------------------------------------

    def backend(self, name: str) -> Backend:
        """Return the entry called `name`. Raises: StackError for an unknown name."""
        try:
            return BY_NAME[name]
        except KeyError:
            raise StackError(f"unknown backend {name!r}; known are {', '.join(NAMES)}") from None

    def port(self, name: str, which: str | None = None) -> int:
        """Return the first port of backend `name`, or the one called `which`."""
        every = self.backend(name).all_ports(self.offset, self.workers)
        return every[which or next(iter(every))]

    def url(self, name: str) -> str:
        """Return the URL for clients of backend `name`, without a trailing slash."""
        return self._filled(self.backend(name), self.backend(name).url)

    def pid(self, name: str) -> int | None:
        """Return the pid of backend `name`; None when it does not run."""
        record = self.records.alive(name)
        return None if record is None else record.pid

    def log_path(self, name: str) -> Path:
        """Return the file of stdout and stderr of backend `name`; restarts append to it."""
        return self.directory / "logs" / f"{name}.log"

    def data_path(self, name: str) -> Path:
        """Return the data folder of backend `name`."""
        return self.directory / "data" / name

    def has_started(self, name: str) -> bool:
        """Return whether this object (not another process) started backend `name`."""
        return name in self._children

    # -- start, wait, stop -------------------------------------------------------------------------

    def start(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start backend `name`, after building it when needed; returns before it is ready.

        Args:
            name: of the backend.
            env: set on top of the backend's own environment.
        Raises: StackError when it already runs, a port is taken, or its build fails.
        """
        backend = self.backend(name)
        if self.records.alive(name) is not None:
            raise StackError(
                f"{name} is already running, pid {self.pid(name)}: see ./serene status, or "
                "./serene down"
            )
        self.require_free_ports(name)
        if backend.module:
            self.builder.build(backend)
        configs.write(backend, partial(self._filled, backend))
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
                # Its own session: Ctrl-C reaches only this command, which stops all in order.
                start_new_session=True,
            )
        identity = processes.identify(process.pid)
        self._children[name] = process
        self.records.write(
            Record(name, process.pid, identity.started if identity else "gone", self.workers)
        )

    def wait_ready(self, name: str, seconds: float = 60.0) -> None:
        """Wait until backend `name` is ready.

        Raises: StackError when it ends instead, or is not ready within `seconds`.
        """
        self._wait(name, self.probe_ready, seconds)

    def wait_live(self, name: str, seconds: float = 60.0) -> None:
        """Wait until backend `name` is live, even without the backends that it needs.

        Raises: as `wait_ready`.
        """
        self._wait(name, self.probe_live, seconds)

    def probe_ready(self, name: str) -> ProbeResult:
        """Probe once whether backend `name` is ready."""
        return probes.probe(self._filled(self.backend(name), self.backend(name).ready))

    def probe_live(self, name: str) -> ProbeResult:
        """Probe once whether backend `name` is live, even without the backends that it needs."""
        backend = self.backend(name)
        return probes.probe(self._filled(backend, backend.live or backend.ready))

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to backend `name`. Raises: StackError when it does not run."""
        record = self.records.alive(name)
        if record is None or not processes.send(record.identity, number):
            raise StackError(f"{name} is not running")

    def stop(
        self, name: str, number: signal.Signals = signal.SIGTERM, seconds: float | None = None
    ) -> bool:
        """End backend `name` with signal `number`, and with SIGKILL after `seconds`.

        Args:
            name: of the backend.
            number: of the signal.
            seconds: `Backend.stop_seconds` when left out.

        Returns: whether it ended without SIGKILL (also when it did not run).
        """
        record = self.records.read(name)
        if record is None:
            return True
        limit = self.backend(name).stop_seconds if seconds is None else seconds
        ended = processes.stop(record.identity, number, limit)
        if name in self._children:
            self._children[name].wait()
        self.records.remove(name)
        return ended

    def stop_all(self) -> None:
        """End all that this object started, each before the backends that it uses."""
        for name in STOP_NAMES:
            if name in self._children:
                self.stop(name)

    def exit_status(self, name: str) -> int | None:
        """Return the exit status of a backend that this object started; None while it runs.

        The status is negative for the signal that ended it.
        """
        child = self._children.get(name)
        return None if child is None else child.poll()

    def seed(self, name: str) -> None:
        """Load the demo data of backend `name`. Raises: StackError when that fails."""
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
        """Check the ports of backend `name`. Raises: StackError when another process has one."""
        ports.require_free(name, self.backend(name).all_ports(self.offset, self.workers).values())

    def environment(self, name: str) -> dict[str, str]:
        """Return the whole environment with which backend `name` is started."""
        backend = self.backend(name)
        texts = backend.variables(self.pid)
        return dict(os.environ) | {key: self._filled(backend, text) for key, text in texts.items()}

    def last_log_line(self, name: str) -> str:
        """Return the last line of backend `name`'s log."""
        return last_line_of(self.log_path(name))

    def exit_message(self, name: str) -> str:
        """Return one line on a backend that ended by itself: exit status, last line, log."""
        status = self.exit_status(name)
        if status is None:
            how = "ended"
        elif status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
        else:
            how = f"ended with exit status {status}"
        return f"{name} {how}; {self._log_end(name)}"

    def _wait(self, name: str, probe: Callable[[str], ProbeResult], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            result = probe(name)
            if result.ready:
                return
            if self.records.alive(name) is None:
                raise StackError(self.exit_message(name))
            if time.monotonic() >= deadline:
                raise StackError(
                    f"{name} is not ready after {seconds:.0f} s: it {result.detail}; "
                    f"{self._log_end(name)}"
                )
            time.sleep(_POLL_SECONDS)

    def _log_end(self, name: str) -> str:
        return f"last log line: {self.last_log_line(name)[:300]} (whole log: {self.log_path(name)})"

    def _filled(self, backend: Backend, template: str) -> str:
        folder = self.builder.directory(backend) if "{bin}" in template else ""
        return template.format(
            **self._values,
            root=paths.ROOT,
            python=sys.executable,
            data=self.data_path(backend.name),
            logs=self.directory / "logs",
            config=self.directory / "config" / backend.config,
            bin=folder,
        )
