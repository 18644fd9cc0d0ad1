"""Processes of one host: started in its namespace, ended and frozen by pid."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from stack import paths, processes
from stack.errors import StackError, last_line, last_line_of
from stack.fleet.network import Network

STOP_SECONDS: Final = 60.0


class Host:
    """One host.

    Args:
        name: Its name, which is its hostname too.
        network: Has its namespace.
        folder: Of its logs and data.
    """

    def __init__(self, name: str, network: Network, folder: Path) -> None:
        self.name = name
        self.address = network.address(name)
        self.folder = folder / name
        self._network = network
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, part: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process on this host.

        Args:
            part: Its name on this host; its output goes to a file of that name.
            command: To run.
            environment: Set on top of this process's own.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_path(part).open("ab") as log:
            self._running[part] = subprocess.Popen(
                [*self._network.exec_prefix(self.name), *command],
                cwd=paths.ROOT,
                env=dict(os.environ) | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run(self, command: Sequence[str], environment: Mapping[str, str], seconds: float) -> str:
        """Run a command on this host to its end.

        Returns:
            Its output.

        Raises:
            StackError: It failed.
        """
        done = subprocess.run(
            [*self._network.exec_prefix(self.name), *command],
            cwd=paths.ROOT,
            env=dict(os.environ) | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        if done.returncode != 0:
            raise StackError(f"{command[-1]} failed on {self.name}: {last_line(done.stdout)}")
        return done.stdout

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of what was started and not stopped."""
        return tuple(self._running)

    def log_path(self, part: str) -> Path:
        """Return the file of a part's output."""
        return self.folder / f"{part}.log"

    def last_log_line(self, part: str) -> str:
        """Return the last line of a part's output."""
        return last_line_of(self.log_path(part))

    def pid(self, part: str) -> int:
        """Return the pid of a part."""
        return self._running[part].pid

    def has_ended(self, part: str) -> bool:
        """Return whether a part has ended by itself."""
        return self._running[part].poll() is not None

    def stop(self, part: str, number: signal.Signals = signal.SIGTERM) -> int:
        """End a part and what it has started.

        Returns:
            Its exit status; negative for the signal that ended it.
        """
        process = self._running.pop(part)
        identity = processes.identify(process.pid)
        if identity is not None:
            processes.stop(identity, number, STOP_SECONDS)
        return process.wait()

    def kill(self, part: str) -> None:
        """End a part and its children at once, as a failing machine does."""
        process = self._running.pop(part)
        for each in _tree(process.pid):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()

    def freeze(self) -> None:
        """Stop every process of this host; its kernel still accepts connections."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let every process of this host go on."""
        self._signal(signal.SIGCONT)

    def stop_all(self) -> None:
        """End all that runs here, the last part first."""
        for part in reversed(self.parts):
            self.stop(part)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._running.values():
            for each in _tree(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(each, number)


def _tree(pid: int) -> list[int]:
    try:
        parent = psutil.Process(pid)
        return [pid, *(child.pid for child in parent.children(recursive=True))]
    except psutil.NoSuchProcess:
        return []
