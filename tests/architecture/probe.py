"""Imports each module it is told of in a process of its own and prints what that did beside
defining names.

That process is forked from one in which the module's package is imported, and nothing else of ours:
Python imports that first anyway. What stands on the floor of ``telemetry`` is forked from where
that is imported, because nothing there can import what is above.

Run with the modules as arguments, in a process that is *not* monkey-patched. What third-party
packages do when they are imported is theirs (urllib3 opens a socket to learn about IPv6), so a
socket or a read of the environment counts only when no import stands between it and a file of ours.
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

import argon2
import email_validator
import flask
import gevent
import grafana_foundation_sdk
import icalendar
import jwt
import limits
import markdown_it
import openai
import opentelemetry.sdk.trace
import opentelemetry.trace
import prometheus_client
import puremagic
import pybreaker
import pydantic
import pymongo
import redis
import requests
import slugify
import stripe
import tenacity
from gevent import _hub_local, monkey

ROOT = os.getcwd() + os.sep
ROOTS = tuple(
    ROOT + package + os.sep for package in ("telemetry", "service", "dashboards", "stack", "bench")
)
SIGNALS = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGHUP,
    signal.SIGQUIT,
)
FLOOR = "telemetry"
ON_THAT_FLOOR = ("service", "dashboards", "bench")
# What takes long to import is imported once.
LOADED_BEFORE = (
    *(
        argon2,
        email_validator,
        flask,
        gevent,
        grafana_foundation_sdk,
        icalendar,
        jwt,
        limits,
        markdown_it,
        openai,
    ),
    *(
        opentelemetry.sdk.trace,
        puremagic,
        pybreaker,
        pydantic,
        pymongo,
        redis,
        requests,
        slugify,
        stripe,
        tenacity,
    ),
)

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
    if event.startswith(
        ("socket.", "subprocess.", "os.system", "os.fork", "_thread.start_new_thread", "signal.")
    ) and (where := ours()):
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
        "excepthooks": [
            repr(hook) for hook in (sys.excepthook, threading.excepthook, sys.unraisablehook)
        ],
    }


def probe(module: str) -> list[str]:
    """Import one module; returns what that did."""
    before = state()
    try:
        importlib.import_module(module)
    except BaseException as error:
        return [f"cannot be imported alone: {error!r}"]
    after = state()
    return [
        *effects,
        *(
            f"{what}: {before[what]} -> {after[what]}"
            for what in before
            if before[what] != after[what]
        ),
    ]


def in_a_child(module: str, others: list[str]) -> dict[str, list[str]]:
    """The same in a forked process, in which no other module but its packages is loaded; and then
    what is below it, likewise.
    """
    read, write = os.pipe()
    if os.fork() == 0:
        found = {module: probe(module)}
        effects.clear()
        os.write(write, json.dumps(found | in_children(others)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        told: dict[str, list[str]] = json.loads(answer.read())
    os.wait()
    return told


def in_children(modules: list[str]) -> dict[str, list[str]]:
    """Each of the modules."""
    found: dict[str, list[str]] = {}
    for module in modules:
        if not any(is_below(module, other) for other in modules):
            found |= in_a_child(module, [other for other in modules if is_below(other, module)])
    return found


def is_below(module: str, other: str) -> bool:
    """Whether one is looked at where the other is imported."""
    return module.startswith(f"{other}.") or (
        other == FLOOR and module.split(".")[0] in ON_THAT_FLOOR
    )


if __name__ == "__main__":
    os.environ = Environment(os.environ)  # type: ignore[assignment]  # noqa: B003
    sys.addaudithook(watch)
    sys.path.insert(0, ROOT)
    print(
        json.dumps(
            {module: done for module, done in in_children(sys.argv[1:]).items() if done}, indent=1
        )
    )
