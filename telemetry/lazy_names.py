"""Public names of a package that are imported at first access.

gunicorn's arbiter imports the layer before a worker is monkey-patched: what it does not use must
not be loaded with it.
"""

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def resolver(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package.

    Args:
        package: Its ``__name__``.
        homes: Module of each public name.
    """

    def resolve(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    return resolve
