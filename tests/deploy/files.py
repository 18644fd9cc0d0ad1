"""The files under test, parsed once, and the addresses and variables in them."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
VENDOR = Path(__file__).parent / "vendor"

_VARIABLE = re.compile(r"\$\{(?:env:)?(\w+)(?::-([^}]*))?\}")
_ADDRESS = re.compile(r"\b([a-z][a-z0-9.-]*|\d+\.\d+\.\d+\.\d+):(\d{2,5})\b")


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def document(name: str) -> Any:
    return yaml.safe_load(text(name))


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = document("docker-compose.yml")
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def environment(service: str, shell: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a container as Compose resolves them.

    Args:
        service: Its name.
        shell: The variables of the shell that starts Compose; none by default.
    """
    shell = shell or {}
    given = dict(services()[service].get("environment", {}))
    # A variable without a value is the shell's, or is not set.
    given |= {name: shell[name] for name in given if given[name] is None and name in shell}
    return {
        name: _VARIABLE.sub(lambda found: shell.get(found[1]) or found[2], value)
        for name, value in given.items()
        if value is not None
    }


def schema() -> Any:
    return json.loads((VENDOR / "compose-spec.json").read_text(encoding="utf-8"))


def without_comments(name: str) -> str:
    return "\n".join(line for line in text(name).splitlines() if not line.lstrip().startswith("#"))


def variables(name: str) -> dict[str, str]:
    """Return the environment variables that a configuration reads, with their defaults."""
    return dict(_VARIABLE.findall(without_comments(name)))


def as_deployed(name: str, service: str) -> str:
    """Return a configuration's text with the variables of that service's container."""
    given = environment(service)
    return _VARIABLE.sub(lambda found: given.get(found[1], found[2] or ""), without_comments(name))


def addresses(configuration: str) -> set[tuple[str, int]]:
    """Return every host:port in a text."""
    return {(host, int(port)) for host, port in _ADDRESS.findall(configuration)}


def container_ports(service: str) -> set[int]:
    """Return the ports at which other containers reach a service."""
    entry = services()[service]
    published = {int(port.rpartition(":")[2]) for port in entry.get("ports", ())}
    return published | {int(port) for port in entry.get("expose", ())}
