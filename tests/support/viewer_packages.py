"""The packages that the viewer is built and tested with, as its lockfile pins them."""

import os
import subprocess
from pathlib import Path
from typing import Final

from stack import locks, paths

VIEWER: Final = paths.ROOT / "viewer"
_SECONDS: Final = 600


def installed() -> Path:
    """Return the folder of the packages, after `npm ci` when the lockfile has changed.

    Raises: subprocess.CalledProcessError when npm fails.
    """
    modules = VIEWER / "node_modules"
    stamp = modules / ".serene-lock"
    lock = (VIEWER / "package-lock.json").read_text(encoding="utf-8")
    with locks.held(paths.state_directory() / "viewer-packages.lock"):
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
            npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")
            stamp.write_text(lock, encoding="utf-8")
    return modules


def npm(*arguments: str, **environment: str) -> str:
    """Run npm in viewer/ and return what it printed."""
    done = subprocess.run(
        ["npm", *arguments],
        cwd=VIEWER,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout
