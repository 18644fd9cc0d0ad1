"""Build cache: each backend's Go module is built once, into a folder outside the checkout.

The cache key is a hash of everything the result depends on: the module's files (go.mod and go.sum
pin the rest), its patch, the packages, the tags, the flags and the version of Go. A folder with
that key is complete: the build goes into a temporary folder that is renamed at the end, under a
lock, so that two commands never build the same module twice. The Collector's module is the
committed output of the Collector's builder, which is not needed here.
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
from stack.backend import Backend
from stack.errors import StackError
from stack.golang import Go

_STRIPPED = "-s -w"
_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", _STRIPPED)
_NICENESS = 10
_SOURCES = (".go", ".html", ".mod", ".sum", ".toml")


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds backends with one Go into one cache.

    Attributes:
        go: the Go command; part of each key.
        cache: the folder with one folder a build.
        modules: the folder that the backends' `module` is relative to.
    """

    go: Go
    cache: Path
    modules: Path = paths.MODULES

    def directory(self, backend: Backend) -> Path:
        """Return the folder of the backend's commands, built or not."""
        return self.cache / f"{backend.module}-{self.key(backend)}"

    def is_built(self, backend: Backend) -> bool:
        """Return whether the backend needs no build, or has been built."""
        return not backend.module or self.directory(backend).exists()

    def key(self, backend: Backend) -> str:
        """Return the cache key: 16 hex digits of a hash of all inputs."""
        digest = hashlib.sha256()
        for part in (
            self.go.version,
            self.go.platform,
            *_flags(backend),
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
        """Return the file with Go's output of the last build with this key."""
        return self.cache / "logs" / f"{self.directory(backend).name}.log"

    def build(self, backend: Backend) -> Path:
        """Build the backend unless it is built; waits while another command builds it.

        Returns: the folder with its commands.
        Raises: StackError with the package that failed, Go's last error line, and the log's path.
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

    def progress(self, backend: Backend) -> str:
        """Return how far the running build is, by its log, e.g. "812 packages compiled"."""
        try:
            lines = self.log_path(backend).read_text(errors="replace").splitlines()
        except OSError:
            return ""
        fetched = sum(line.startswith("go: downloading") for line in lines)
        compiled = sum(not line.startswith(("go: ", "#")) for line in lines)
        if compiled:
            return f"{compiled} packages compiled"
        return f"{fetched} modules fetched" if fetched else ""

    def _compile(self, backend: Backend, target: Path, patched: tuple[str, ...]) -> None:
        log = self.log_path(backend)
        log.parent.mkdir(parents=True, exist_ok=True)
        tags = ("-tags", backend.tags) if backend.tags else ()
        with log.open("w") as output:
            for command, package in backend.packages.items():
                arguments = (
                    "build",
                    "-v",
                    *_flags(backend),
                    *patched,
                    *tags,
                    "-o",
                    str(target / command),
                    package,
                )
                status = self._run(arguments, self.modules / backend.module, output.fileno())
                if status != 0:
                    raise StackError(
                        f"building {backend.name} ({package} in stack/{backend.module}) failed "
                        f"with exit status {status}: "
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
            # A started service and other work on the machine have priority over builds.
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
            return process.wait()
        except BaseException:
            if identity is not None:
                processes.stop(identity, signal.SIGTERM, seconds=5)
            process.wait()
            raise


def _flags(backend: Backend) -> tuple[str, ...]:
    values = (f"-X {name}={value}" for name, value in backend.linked.items())
    return (*_FLAGS[:-1], " ".join((_STRIPPED, *values)))


def error_line(log: str) -> str:
    """Return the last line of a build's log that is not progress (a package, or a download)."""
    errors = [
        line
        for line in map(str.strip, log.splitlines())
        if line and not re.fullmatch(r"[\w./~-]+|# .*|go: downloading .*", line)
    ]
    return errors[-1] if errors else "Go printed nothing"
