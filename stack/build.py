"""Builds a backend's Go module once, into a cache outside the checkout.

The cache key is a hash of everything the result depends on: the module's files (go.mod and go.sum
pin the rest), its patch, the packages, the tags, the flags and Go itself. A folder with that key is
complete or not there: the build goes into a temporary folder that is renamed at the end, under a
lock, so that two commands never build the same thing twice. The Collector's module is what the
Collector's builder generated, committed: the builder itself is not needed here.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stack import golang, locks, patches, paths, processes
from stack.backends import Backend
from stack.errors import StackError
from stack.golang import Go

_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w")
_NICENESS = 10
_SOURCES = (".go", ".mod", ".sum", ".toml")


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds with one Go into one cache.

    Attributes:
        go: the Go command; part of each key.
        cache: the folder with one folder a build.
        modules: the folder that the backends' `module` is relative to.
    """

    go: Go
    cache: Path
    modules: Path = paths.MODULES

    def directory(self, backend: Backend) -> Path:
        """Where the backend's commands are once they are built."""
        return self.cache / f"{backend.module}-{self.key(backend)}"

    def is_built(self, backend: Backend) -> bool:
        """Whether there is nothing to build (any more)."""
        return not backend.module or self.directory(backend).exists()

    def key(self, backend: Backend) -> str:
        """16 hex digits that change when the result would."""
        digest = hashlib.sha256()
        for part in (
            self.go.version,
            self.go.platform,
            *_FLAGS,
            backend.tags,
            *sorted(backend.packages.items()),
        ):
            digest.update(repr(part).encode())
        module = self.modules / backend.module
        for file in sorted((*module.iterdir(), *(module / patches.FOLDER).glob("*"))):
            if file.suffix in _SOURCES:
                digest.update(repr((str(file.relative_to(module)), file.read_bytes())).encode())
        return digest.hexdigest()[:16]

    def log_path(self, backend: Backend) -> Path:
        """Everything that Go said during the last build with this key."""
        return self.cache / "logs" / f"{self.directory(backend).name}.log"

    def build(self, backend: Backend) -> Path:
        """Build the backend unless it is built; waits when another command is at it.

        Returns: the folder with its commands.
        Raises: StackError naming what failed, Go's last error line, and the whole log.
        """
        directory = self.directory(backend)
        with locks.held(self.cache / "locks" / directory.name):
            if not directory.exists():
                for abandoned in self.cache.glob(f".{directory.name}-*"):
                    shutil.rmtree(abandoned, ignore_errors=True)
                scratch = Path(tempfile.mkdtemp(dir=self.cache, prefix=f".{directory.name}-"))
                sources = Path(tempfile.mkdtemp(dir=self.cache, prefix=f".{directory.name}-"))
                try:
                    self._compile(
                        backend,
                        scratch,
                        patches.prepare(self.go, self.modules / backend.module, sources),
                    )
                    scratch.chmod(0o755)
                    scratch.rename(directory)
                finally:
                    shutil.rmtree(scratch, ignore_errors=True)
                    shutil.rmtree(sources, ignore_errors=True)
        return directory

    def how_far(self, backend: Backend) -> str:
        """What the running build's log tells of how far it is, e.g. "812 packages compiled"."""
        try:
            lines = self.log_path(backend).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        fetched = sum(line.startswith("go: downloading") for line in lines)
        compiled = sum(not line.startswith(("go: ", "#")) for line in lines)
        return (
            f"{compiled} packages compiled"
            if compiled
            else f"{fetched} modules fetched"
            if fetched
            else ""
        )

    def _compile(self, backend: Backend, target: Path, patched: tuple[str, ...]) -> None:
        log = self.log_path(backend)
        log.parent.mkdir(parents=True, exist_ok=True)
        tags = ("-tags", backend.tags) if backend.tags else ()
        with log.open("w") as output:
            for command, package in backend.packages.items():
                arguments = (
                    "build",
                    "-v",
                    *_FLAGS,
                    *patched,
                    *tags,
                    "-o",
                    str(target / command),
                    package,
                )
                status = self._run(arguments, self.modules / backend.module, output.fileno())
                if status != 0:
                    raise StackError(
                        f"building {backend.name} ({package} in stack/{backend.module}) failed with exit status {status}: "
                        f"{error_line(log.read_text(errors='replace'))} (whole log: {log})"
                    )

    def _run(self, arguments: tuple[str, ...], directory: Path, output: int) -> int:
        process = subprocess.Popen(
            [self.go.binary, *arguments],
            cwd=directory,
            env=golang.environment(self.go),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        identity = processes.identify(process.pid)
        try:
            # The service answers meanwhile, and other people's work goes on: builds come last.
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
            return process.wait()
        except BaseException:
            if identity is not None:
                processes.stop(identity, signal.SIGTERM, seconds=5)
            process.wait()
            raise


def error_line(log: str) -> str:
    """The last line of a build's log that is not progress (a package's name, or a download)."""
    lines = [line.strip() for line in log.splitlines()]
    told = [
        line
        for line in lines
        if line and not re.fullmatch(r"[\w./~-]+|# .*|go: downloading .*", line)
    ]
    return told[-1] if told else "Go said nothing"
