"""Configurations of programs that read no environment: Docker Compose's, with native addresses.

Each text to change has to occur, so that an edit of the configuration cannot leave an address
behind.
"""

from collections.abc import Callable
from pathlib import Path

from stack import paths
from stack.backend import Backend
from stack.errors import StackError


def write(backend: Backend, fill: Callable[[str], str]) -> None:
    """Write the changed copy of a backend's configuration; nothing for one without.

    Args:
        backend: whose `config` and `config_changes`; its configuration is from `{deploy}`, or from
            deploy/ when it is not generated.
        fill: fills in templates.

    Raises: StackError naming a text that does not occur.
    """
    if not backend.config:
        return
    source = Path(fill("{deploy}")) / backend.config
    if not source.exists():
        source = paths.ROOT / "deploy" / backend.config
    text = source.read_text(encoding="utf-8")
    for old, new in backend.config_changes.items():
        if old not in text:
            raise StackError(f"{source.name} has no {old!r} to change for {backend.name}")
        text = text.replace(old, fill(new))
    target = Path(fill("{config}"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
