"""The current context of OpenTelemetry, without the layers of its API on the usual path.

The API's own runtime context is one context variable, so that is what is read and set here. Where
``OTEL_PYTHON_CONTEXT`` names another one, the API is asked.
"""

from collections.abc import Callable
from typing import Final

from opentelemetry import context as api
from opentelemetry.context import Context
from opentelemetry.context.contextvars_context import ContextVarsRuntimeContext

_runtime = api._RUNTIME_CONTEXT
_is_usual: Final = type(_runtime) is ContextVarsRuntimeContext

current_context: Final[Callable[[], Context]] = (
    _runtime._current_context.get if _is_usual else api.get_current  # type: ignore[attr-defined]
)
"""The context of this greenlet."""

set_current_context: Final[Callable[[Context], object]] = (
    _runtime._current_context.set if _is_usual else api.attach  # type: ignore[attr-defined]
)
"""Make a context the one of this greenlet, by value: nothing is detached later."""
