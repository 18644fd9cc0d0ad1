"""The current context is that of OpenTelemetry's API, whatever its runtime context is."""

import importlib.util

from opentelemetry import context as api
from opentelemetry.context import Context

from telemetry.tracing import current


class OtherRuntime:
    """A runtime context that holds one value for the process."""

    def __init__(self):
        self.value = Context()

    def attach(self, context):
        self.value = context

    def get_current(self):
        return self.value


def fresh_copy():
    """The module as a process gets it that starts with the present runtime context."""
    spec = importlib.util.spec_from_file_location("fresh_current", current.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_set_is_what_the_api_reads():
    before, mine = current.current_context(), Context({"a": 1})
    current.set_current_context(mine)
    assert api.get_current() is mine
    api.attach(before)
    assert current.current_context() is before


def test_another_runtime_context_is_asked_through_the_api(monkeypatch):
    other = OtherRuntime()
    monkeypatch.setattr(api, "_RUNTIME_CONTEXT", other)
    copy, mine = fresh_copy(), Context({"a": 1})
    copy.set_current_context(mine)
    assert other.value is mine
    assert copy.current_context() is mine
