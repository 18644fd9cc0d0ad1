"""Optional parts of the layer: each stands on packages that an extra of the distribution installs.

The modules in ``telemetry`` that import such packages are loaded through ``load``. Without them the
rest of the layer works, and using the part is one error that names the extra.
"""

import importlib
from types import ModuleType
from typing import Final

from telemetry.config import SettingError

DISTRIBUTION: Final = "serene-telemetry"

PACKAGES: Final[dict[str, tuple[str, ...]]] = {
    "b3": ("opentelemetry.propagators.b3",),
    "flask-instrumentation": ("opentelemetry.instrumentation.flask",),
    "gunicorn": ("gunicorn",),
    "mongo": ("pymongo", "opentelemetry.instrumentation.pymongo"),
    "sdk": ("opentelemetry.sdk",),
}
"""Packages that each extra is about; they bring the others that they need."""


class MissingExtraError(SettingError, ImportError):
    """A part of the layer was used whose packages are not installed; the text is one line."""


def missing_extra(extra: str, purpose: str) -> MissingExtraError:
    """The error that names an extra.

    Args:
        extra: Of ``PACKAGES``.
        purpose: What needs it, as the start of a sentence.
    """
    return MissingExtraError(
        f'{purpose} needs packages that are not installed: pip install "{DISTRIBUTION}[{extra}]"'
    )


def load(module: str, extra: str, purpose: str) -> ModuleType:
    """Import a module that stands on an extra.

    Args:
        module: Name of the module.
        extra: Of ``PACKAGES``.
        purpose: What needs it, as the start of a sentence.

    Raises:
        MissingExtraError: A package of the extra is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if not _is_of_extra(error.name or "", extra):
            raise
        raise missing_extra(extra, purpose) from None


def _is_of_extra(module: str, extra: str) -> bool:
    """Whether a module is one of the extra's packages, or one that such a package is in."""
    return any(package == module or package.startswith(f"{module}.") for package in PACKAGES[extra])
