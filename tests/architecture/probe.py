"""Imports each module it is told of in a process of its own and prints what that did beside defining names.

Run with the modules as arguments, in a process that is *not* monkey-patched. What third-party packages do when they are imported is
theirs (urllib3 opens a socket to learn about IPv6), so a socket or a read of the environment counts only when no import stands between
it and a file of ours.
"""

import importlib
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import flask
import gevent
import opentelemetry.sdk.trace
import opentelemetry.trace
import prometheus_client
import pydantic
import pymongo
import requests
from gevent import _hub_local, monkey

ROOT = os.getcwd() + os.sep
ROOTS = tuple(ROOT + package + os.sep for package in ("telemetry", "service", "dashboards", "stack", "bench"))
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGQUIT)
LOADED_BEFORE = (flask, gevent, opentelemetry.sdk.trace, pydantic, pymongo, requests)

effects: list[str] = []


def frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def ours(*passed_by: str) -> str:
    """The file of ours that is behind what just happens, or an empty string.

    Args:
        passed_by: When given, only these files may stand between.
    """
    for frame in frames():
        file = frame.f_code.co_filename
        if file.startswith(ROOTS):
            return f"{file.removeprefix(ROOT)}:{frame.f_lineno}"
        if file.startswith("<frozen importlib") or (passed_by and file not in passed_by):
            return ""
    return ""


def watch(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(("socket.", "subprocess.", "os.system", "os.fork", "_thread.start_new_thread", "signal.")) and (where := ours()):
        effects.append(f"{event} at {where}")


class Environment(dict[str, str]):
    """The environment, which says who reads it."""

    def __getitem__(self, key: str) -> str:
        self._note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._note("*")
        return super().__iter__()

    @staticmethod
    def _note(key: object) -> None:
        # What a package reads when it is used (pydantic does for each model) is its own affair.
        if where := ours(__file__, os.getenv.__code__.co_filename):
            effects.append(f"reads {key} of the environment at {where}")


def state() -> dict[str, Any]:
    """What an import must leave as it is."""
    return {
        "threads": threading.active_count(),
        "native threads": len(os.listdir("/proc/self/task")),
        "hub": _hub_local.get_hub_if_exists() is not None,
        "patched": monkey.is_module_patched("socket"),
        "default registry": sorted(prometheus_client.REGISTRY._names_to_collectors),
        "tracer provider": repr(opentelemetry.trace._TRACER_PROVIDER),
        "log handlers": len(logging.root.handlers),
        "signals": [repr(signal.getsignal(number)) for number in SIGNALS],
        "excepthooks": [repr(hook) for hook in (sys.excepthook, threading.excepthook, sys.unraisablehook)],
    }


def probe(module: str) -> list[str]:
    """Import one module; returns what that did."""
    before = state()
    try:
        importlib.import_module(module)
    except BaseException as error:
        return [f"cannot be imported alone: {error!r}"]
    after = state()
    return [*effects, *(f"{what}: {before[what]} -> {after[what]}" for what in before if before[what] != after[what])]


def in_a_child(module: str) -> list[str]:
    """The same in a forked process, so that no module finds another one loaded."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(probe(module)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        found: list[str] = json.loads(answer.read())
    os.wait()
    return found


if __name__ == "__main__":
    os.environ = Environment(os.environ)  # type: ignore[assignment]  # noqa: B003
    sys.addaudithook(watch)
    sys.path.insert(0, ROOT)
    print(json.dumps({module: found for module in sys.argv[1:] if (found := in_a_child(module))}, indent=1))
