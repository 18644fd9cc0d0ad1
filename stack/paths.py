"""Where everything is: the checkout, its ignored folder, and the cache that outlives both."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "stack"
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements.txt"


def state_directory(offset: int = 0) -> Path:
    """The one ignored folder with data, logs and records of a stack at this port offset."""
    base = ROOT / ".serene"
    return base if offset == 0 else base / f"offset-{offset}"


def cache_directory() -> Path:
    """Where built backends live, outside every checkout.

    Source: XDG Base Directory Specification, XDG_CACHE_HOME (a relative path there is to be
    ignored).
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".cache"
    return base / "serene"
