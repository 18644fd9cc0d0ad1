"""The virtual environment: created when missing, updated when a file of requirements changed.

Runs before any package is installed: standard library only. The stamp in .venv is the hash of the
installed requirements; an environment without a stamp gets the packages and is never replaced.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from stack import locks, paths
from stack.errors import StackError, last_line
from stack.progress import Progress

_STAMP = "serene-requirements.sha256"


def enter(argv: list[str]) -> None:
    """Return inside an up-to-date .venv; start this command again in it otherwise.

    Ends the process with one line when the environment cannot be created.

    Args:
        argv: the command line to start again with .venv's Python.
    """
    python = paths.VENV / "bin" / "python"
    try:
        ensure(paths.VENV, paths.REQUIREMENTS)
    except StackError as error:
        sys.exit(f"serene: {error}")
    if Path(sys.prefix).resolve() != paths.VENV.resolve():
        os.execv(python, [str(python), str(paths.ROOT / "serene"), *argv[1:]])


def ensure(venv: Path, requirements: Path) -> bool:
    """Install into `venv` what `requirements` pins.

    Returns: whether anything was installed.
    Raises: StackError when the environment cannot be created, or an installation fails.
    """
    if _is_current(venv, requirements):
        return False
    with locks.held(paths.state_directory() / "venv.lock"):
        if _is_current(venv, requirements):
            return False
        # Hashed before installing: a file changed meanwhile is installed again next time.
        expected = _stamp_of(requirements)
        log = paths.state_directory() / "logs" / "venv.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        progress = Progress(steps=2)
        with progress.step("Creating the virtual environment .venv"):
            if not (venv / "bin" / "python").exists():
                _create(venv, log)
        with progress.step("Installing the pinned Python packages into .venv"):
            pip = [
                str(venv / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ]
            _run([*pip, "-r", str(requirements)], log, f"install {requirements.name}")
        (venv / _STAMP).write_text(expected)
    return True


def _create(venv: Path, log: Path) -> None:
    existed = venv.exists()
    try:
        _run(
            [sys.executable, "-m", "venv", str(venv)],
            log,
            "create .venv (Debian needs the package python3-venv)",
        )
    except StackError:
        # Without ensurepip an environment without pip is left, which would pass as complete.
        if not existed:
            shutil.rmtree(venv, ignore_errors=True)
        raise


def _stamp_of(requirements: Path) -> str:
    return hashlib.sha256(_text(requirements)).hexdigest()


def _text(requirements: Path) -> bytes:
    """Return a file of requirements, followed by those that it includes (`-r other.txt`)."""
    text = requirements.read_bytes()
    included = [line.split()[1].decode() for line in text.splitlines() if line.startswith(b"-r ")]
    return b"".join([text, *(_text(requirements.parent / name) for name in included)])


def _is_current(venv: Path, requirements: Path) -> bool:
    stamp = venv / _STAMP
    return (
        (venv / "bin" / "python").exists()
        and stamp.exists()
        and stamp.read_text().strip() == _stamp_of(requirements)
    )


def _run(command: list[str], log: Path, purpose: str) -> None:
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    log.write_text(done.stdout + done.stderr)
    if done.returncode != 0:
        raise StackError(
            f"cannot {purpose}: {last_line(done.stdout + done.stderr)} (whole log: {log})"
        )
