"""The virtual environment: made when missing, brought up to date when requirements.txt changed.

Runs before any package is installed: standard library only. The stamp in .venv is the hash of the
requirements it was filled from; an environment without a stamp is filled, never replaced.
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
    """Return only when this process runs inside an up-to-date .venv; ends the process with one line
    when it can't.

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
    """Make `venv` hold what `requirements` pins.

    Returns: whether anything had to be done.
    Raises: StackError when the environment can't be made or filled.
    """
    if _is_current(venv, requirements):
        return False
    with locks.held(paths.state_directory() / "venv.lock"):
        if _is_current(venv, requirements):
            return False
        # Read before installing: a file changed meanwhile is installed again next time.
        wanted = _wanted(requirements)
        log = paths.state_directory() / "logs" / "venv.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        progress = Progress(steps=2)
        with progress.step("Making the virtual environment .venv"):
            if not (venv / "bin" / "python").exists():
                _make(venv, log)
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
        (venv / _STAMP).write_text(wanted)
    return True


def _make(venv: Path, log: Path) -> None:
    existed = venv.exists()
    try:
        _run(
            [sys.executable, "-m", "venv", str(venv)],
            log,
            "make .venv (Debian needs the package python3-venv)",
        )
    except StackError:
        # Without ensurepip it leaves an environment without pip, which would look made the next
        # time.
        if not existed:
            shutil.rmtree(venv, ignore_errors=True)
        raise


def _wanted(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _is_current(venv: Path, requirements: Path) -> bool:
    stamp = venv / _STAMP
    return (
        (venv / "bin" / "python").exists()
        and stamp.exists()
        and stamp.read_text().strip() == _wanted(requirements)
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
