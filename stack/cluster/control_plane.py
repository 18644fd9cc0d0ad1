"""``ControlPlane``: a real Kubernetes control plane on loopback, with pretended nodes.

Every program is a child in a session of its own, ended by its identity when the block ends; data,
keys and logs are in one folder that the caller removes.
"""

import json
import secrets
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from stack import processes
from stack.build import Builder
from stack.cluster import certificates as pki
from stack.cluster.backends import TOOLS
from stack.cluster.components import ADMIN, Place
from stack.errors import StackError, last_line
from stack.processes import Identity

READY_SECONDS: Final = 180.0
CALL_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1
_READY_PATHS: Final = ("/readyz", "/api/v1/namespaces/default/serviceaccounts/default")
"""kube-apiserver is ready, and the controller manager has begun to work."""


@dataclass(frozen=True, slots=True)
class Called:
    """How a call of kubectl ended, and what it printed."""

    code: int
    output: str
    error: str


class ControlPlane:
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok.

    Args:
        folder: For its data, keys and logs; must not exist.
        ports: By the names of ``stack.cluster.components.PORTS``.
        builder: Builds what is missing.
    """

    def __init__(self, folder: Path, ports: Mapping[str, int], builder: Builder) -> None:
        self.folder = folder
        self.place = Place(folder, ports, secrets.token_hex(16))
        self._builder = builder
        self._started: dict[str, tuple[subprocess.Popen[bytes], Identity | None]] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        self.place.write()
        try:
            for name, arguments in self.place.commands().items():
                self.start(name, self.program(name), *arguments)
                if name == "kube-apiserver":
                    self._wait_ready(_READY_PATHS[0])
            self._wait_ready(_READY_PATHS[1])
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def program(self, command: str) -> Path:
        """Return the path of a built command, after building it when needed."""
        (tool,) = (tool for tool in TOOLS.values() if command in tool.packages)
        return self._builder.build(tool) / command

    def start(self, name: str, program: Path, *arguments: str) -> None:
        """Start one more program, which ends with the control plane.

        Args:
            name: Of its log file.
            program: Path of the command.
            arguments: Of the command.
        """
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [str(program), *arguments],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started[name] = child, processes.identify(child.pid)

    def stop(self) -> None:
        """End every program, the last one first."""
        while self._started:
            self.end(next(reversed(self._started)))

    def end(self, name: str) -> None:
        """End one program.

        Args:
            name: That it was started with.
        """
        child, identity = self._started.pop(name)
        if identity is not None:
            processes.stop(identity, signal.SIGTERM, _STOP_SECONDS)
        child.wait()

    def get(self, path: str) -> tuple[int, str]:
        """Request one path of kube-apiserver as the administrator.

        Returns: status and body; status 0 while nothing answers.
        """
        context = ssl.create_default_context(cafile=pki.certificate(self.place.keys, pki.AUTHORITY))
        authorization = {"Authorization": f"Bearer {self.place.token}-{ADMIN}"}
        request = urllib.request.Request(self.place.url + path, headers=authorization)
        try:
            with urllib.request.urlopen(request, timeout=10, context=context) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def read(self, path: str) -> Any:
        """Return the object at a path. Raises: StackError when it does not exist."""
        status, body = self.get(path)
        if status != 200:
            raise StackError(f"{path} answers {status}: {body.strip()[:300]}")
        return json.loads(body)

    def kubectl(self, *arguments: str, given: str = "") -> Called:
        """Run kubectl as the administrator.

        Args:
            arguments: Of the command.
            given: Its standard input.
        """
        done = subprocess.run(
            [self.program("kubectl"), f"--kubeconfig={self.place.kubeconfig()}", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=False,
        )
        return Called(done.returncode, done.stdout, done.stderr)

    def apply(self, documents: Sequence[Mapping[str, Any]] | str) -> Called:
        """Apply objects on the server's side.

        Args:
            documents: Objects, or YAML.

        Returns: with the server's warnings as its error.
        Raises: StackError with what the server refused.
        """
        text = documents if isinstance(documents, str) else _as_list(documents)
        called = self.kubectl("apply", "--server-side", "--filename=-", given=text)
        if called.code != 0:
            raise StackError(f"kubectl apply failed: {called.error.strip()[:2000]}")
        return called

    def check(self) -> None:
        """Raise StackError with the last line of a program that has ended."""
        for name, (child, _) in self._started.items():
            if child.poll() is not None:
                log = (self.folder / f"{name}.log").read_text(errors="replace")
                raise StackError(f"{name} ended with {child.returncode}: {last_line(log)}")

    def _wait_ready(self, path: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while (answer := self.get(path))[0] != 200:
            self.check()
            if time.monotonic() >= deadline:
                raise StackError(f"{path} is not there after {READY_SECONDS:.0f} s: {answer[1]}")
            time.sleep(_POLL_SECONDS)


def _as_list(documents: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)})
