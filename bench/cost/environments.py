"""Virtual environments of the libraries to compare with, made when they are missing.

Each is pinned in ``bench/requirements-<name>.txt`` and lies below ``~/.cache/serene/bench``.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.cost.servers import environment_folder
from stack import paths

_STAMP: Final = "installed"


def requirements_of(name: str) -> Path:
    """Return the file that pins an environment."""
    return paths.ROOT / "bench" / f"requirements-{name}.txt"


def install(names: Sequence[str]) -> None:
    """Make the environments that are missing, or whose pins have changed.

    Raises:
        subprocess.CalledProcessError: pip failed; its output is on standard error.
    """
    for name in names:
        folder, pins = environment_folder(name), requirements_of(name)
        digest = hashlib.sha256(pins.read_bytes()).hexdigest()
        stamp = folder / _STAMP
        if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        print(f"  installing {pins.name}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", "-r", str(pins)], check=True)
        stamp.write_text(digest, encoding="utf-8")
