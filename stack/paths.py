"""Paths: the checkout, its folder of state that git ignores, and the build cache."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "stack"
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements-dev.txt"


def state_directory(offset: int = 0) -> Path:
    """Return the folder with data, logs and records of the stack at this port offset."""
    base = ROOT / ".serene"
    return base if offset == 0 else base / f"offset-{offset}"


def cache_directory() -> Path:
    """Return the folder of built backends, which all checkouts share.

    Source: XDG Base Directory Specification, XDG_CACHE_HOME (a relative path in it is ignored).
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
    return base / "serene"
