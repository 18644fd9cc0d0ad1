"""Headers with which an operator makes one request traced, whatever the sampler would decide.

They count from trusted proxies only, like every claim that costs something; a proxy that passes
clients' headers on has to remove them.

Source: Envoy, "HTTP connection manager: headers", ``x-envoy-force-trace``; Jaeger client libraries,
``jaeger-debug-id``; B3 propagation, "Debug flag".
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

B3_FLAGS: Final = "X-B3-Flags"
B3_SINGLE: Final = "b3"
_OFF: Final = frozenset({"", "0", "false"})


class DebugHeaders:
    """Reads whether a request is to be traced.

    Args:
        headers: Their names.
        propagators: Of the process: B3's own flag counts where ``b3`` or ``b3multi`` is among them.
    """

    def __init__(self, headers: Iterable[str], propagators: Iterable[str]) -> None:
        self._keys = tuple((_environ_key(name), name) for name in headers)
        self._b3 = any(name.startswith("b3") for name in propagators)

    def read(self, environ: Mapping[str, Any]) -> str:
        """Return the name of the header that asks for a trace; empty without one.

        Args:
            environ: Of a request of a trusted proxy.
        """
        for key, name in self._keys:
            if key in environ and environ[key].strip().lower() not in _OFF:
                return name
        return self._read_b3(environ) if self._b3 else ""

    @staticmethod
    def _read_b3(environ: Mapping[str, Any]) -> str:
        if environ.get("HTTP_X_B3_FLAGS") == "1":
            return B3_FLAGS
        # ``{trace id}-{span id}-{sampling state}-{parent span id}``, or the state alone.
        parts = environ.get("HTTP_B3", "").split("-", 4)
        state = parts[2] if len(parts) in {3, 4} else parts[0] if len(parts) == 1 else ""
        return B3_SINGLE if state == "d" else ""


def _environ_key(name: str) -> str:
    return f"HTTP_{name.upper().replace('-', '_')}"
