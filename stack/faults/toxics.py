"""Toxiproxy's API: what is wrong with the connections of one proxy.

Its state is the truth: a fault by it is on for as long as toxiproxy has it, and ends with
toxiproxy.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stack.errors import StackError
from stack.runner import Stack

_TIMEOUT_SECONDS: Final = 5.0
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Toxic:
    """Connections of a proxy are slow or silent.

    Attributes:
        proxy: the backend behind it.
        fault: the fault's name, which the toxic has too.
        kind: toxiproxy's type of toxic.
        attributes: of that type; times in milliseconds.
    """

    proxy: str
    fault: str
    kind: str
    attributes: Mapping[str, int] = field(default_factory=dict)

    def press(self, stack: Stack, seconds: int) -> None:
        """Add the toxic to what the backend sends."""
        require_routed(stack)
        body = {"name": self.fault, "type": self.kind, "stream": "downstream"}
        _call(
            stack, "POST", f"/proxies/{self.proxy}/toxics", body | {"attributes": self.attributes}
        )

    def release(self, stack: Stack) -> None:
        """Remove it."""
        _call(stack, "DELETE", f"/proxies/{self.proxy}/toxics/{self.fault}")

    def is_on(self, stack: Stack) -> bool:
        """Return whether toxiproxy has it."""
        proxy = _proxy(stack, self.proxy)
        return any(toxic["name"] == self.fault for toxic in proxy.get("toxics", ()))


@dataclass(frozen=True, slots=True)
class Cut:
    """Connections of a proxy are closed, and new ones refused.

    Attributes:
        proxy: the backend behind it.
    """

    proxy: str

    def press(self, stack: Stack, seconds: int) -> None:
        """Disable the proxy."""
        require_routed(stack)
        _call(stack, "POST", f"/proxies/{self.proxy}", {"enabled": False})

    def release(self, stack: Stack) -> None:
        """Enable it."""
        _call(stack, "POST", f"/proxies/{self.proxy}", {"enabled": True})

    def is_on(self, stack: Stack) -> bool:
        """Return whether it is disabled."""
        return _proxy(stack, self.proxy).get("enabled") is False


def require_routed(stack: Stack) -> None:
    """Check that toxiproxy runs, and that the service connects through it.

    Raises: StackError with what to do.
    """
    proxy, service = stack.records.alive("toxiproxy"), stack.records.alive("service")
    if proxy is None:
        raise StackError(
            "toxiproxy is not running, so nothing can be put between the service and its backends:"
            " restart with ./serene down and ./serene up"
        )
    # Both from one clock, and an older service was started without a proxy to connect to.
    if service is not None and float(service.started) < float(proxy.started):
        raise StackError(
            "toxiproxy was started after the service, which connects past it: restart with"
            " ./serene down and ./serene up"
        )


def _proxy(stack: Stack, name: str) -> dict[str, Any]:
    """Return a proxy as toxiproxy has it; an empty one when it does not answer."""
    try:
        return _call(stack, "GET", f"/proxies/{name}")
    except StackError:
        return {}


def _call(stack: Stack, method: str, path: str, body: object = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{stack.url('toxiproxy')}{path}", data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            text = response.read()
    except urllib.error.HTTPError as error:
        if method == "DELETE" and error.code == _NOT_FOUND:
            return {}
        raise StackError(f"toxiproxy refuses {method} {path}: {_reason(error)}") from None
    except (OSError, ValueError) as error:
        raise StackError(
            f"toxiproxy at {stack.url('toxiproxy')} does not answer ({type(error).__name__}):"
            " see ./serene status"
        ) from None
    answer: dict[str, Any] = json.loads(text) if text else {}
    return answer


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError):
        return str(error)
