"""Faults inside a worker: pressed at the control route of its management port.

The first worker only, as most faults of code meet one instance first. The worker's own state is the
truth: a fault ends with it.
"""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final

from stack.errors import StackError
from stack.runner import Stack

_TIMEOUT_SECONDS: Final = 15.0
_PATH: Final = "/debug/faults"
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class InWorker:
    """A fault of `telemetry.faults`.

    Attributes:
        fault: its name there.
    """

    fault: str

    def press(self, stack: Stack, seconds: int) -> None:
        """Press it in the first worker; it ends there too, a moment later than here."""
        _call(stack, "POST", f"/{self.fault}?seconds={seconds + 5}")

    def release(self, stack: Stack) -> None:
        """Release it; a worker that was replaced meanwhile does not have it."""
        if self.is_on(stack):
            _call(stack, "DELETE", f"/{self.fault}")

    def is_on(self, stack: Stack) -> bool:
        """Return whether the worker has it; one that does not answer has not."""
        try:
            return bool(_call(stack, "GET", f"/{self.fault}").get("on"))
        except StackError:
            return False


def _call(stack: Stack, method: str, path: str) -> dict[str, Any]:
    url = f"http://127.0.0.1:{stack.port('service', 'management')}{_PATH}{path}"
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, method=method), timeout=_TIMEOUT_SECONDS
        ) as response:
            answer: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as error:
        raise StackError(_refused(error)) from None
    except (OSError, ValueError) as error:
        raise StackError(
            f"the first worker's management port {url.split('/')[2]} does not answer"
            f" ({type(error).__name__}): see ./serene status"
        ) from None
    return answer


def _refused(error: urllib.error.HTTPError) -> str:
    try:
        detail = str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = str(error)
    if error.code == _NOT_FOUND and detail.startswith("The paths here"):
        return "the service runs without TELEMETRY_FAULTS=true: restart with ./serene up"
    return f"the first worker refuses: {detail}"
