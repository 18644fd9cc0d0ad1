"""Debian's packages that tests run: a browser, and what a fleet of hosts needs."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from stack.errors import StackError
from stack.progress import Progress

PACKAGES: Final[Mapping[str, str]] = {
    "chromium": "chromium",
    "ip": "iproute2",
    "nginx": "nginx-light",
}
"""By the program that each brings."""
_TIMEOUT_SECONDS: Final = 900.0
_FOLDERS_OF_ROOT: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def find(program: str) -> str | None:
    """Return the path of a program, also of one that only root's PATH has."""
    return shutil.which(program, path=os.pathsep.join([os.environ["PATH"], *_FOLDERS_OF_ROOT]))


def install_missing() -> list[str]:
    """Install the packages whose programs are missing.

    Returns: their names.

    Raises:
        StackError: apt-get is not there, may not be used, or failed.
    """
    missing = [package for program, package in PACKAGES.items() if find(program) is None]
    if not missing:
        return []
    names = " ".join(missing)
    if os.geteuid() != 0 or find("apt-get") is None:
        raise StackError(
            f"the tests need Debian's packages {names}: install them, or run ./serene test --fast"
        )
    with Progress(steps=1).step(f"Installing Debian's packages {names}"):
        _run("apt-get", "-q", "update")
        _run("apt-get", "-qy", "--no-install-recommends", "install", *missing)
    return missing


def _run(*command: str) -> None:
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise StackError(f"{' '.join(command)} took longer than {_TIMEOUT_SECONDS:g} s") from None
    if done.returncode != 0:
        last = (done.stdout.splitlines() or ["(nothing)"])[-1]
        raise StackError(f"{' '.join(command)} failed with {done.returncode}: {last}")
