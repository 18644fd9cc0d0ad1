"""Imports each module of its arguments in a process of its own and prints the side effects.

The process is forked from one that has imported the module's package and nothing else of this
repository: Python imports the package first anyway. Modules above ``telemetry`` are forked from a
process that has imported it, because nothing in ``telemetry`` can import them.

Run it in a process that is *not* monkey-patched. Side effects of third-party packages do not count
(urllib3 opens a socket to detect IPv6): a socket or a read of the environment counts only when no
import stands between it and a file of this repository.
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
LOWER = "telemetry"
UPPER = ("service", "dashboards", "bench")
# Slow imports, done once.
PRELOADED = (
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


def own_file(*between: str) -> str:
    """The file and line of this repository that causes the current event, or an empty string.

    Args:
        between: When given, only these files may stand between.
    """
    for frame in frames():
        file = frame.f_code.co_filename
        if file.startswith(ROOTS):
            return f"{file.removeprefix(ROOT)}:{frame.f_lineno}"
        if file.startswith("<frozen importlib") or (between and file not in between):
            return ""
    return ""


def audit(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(
        ("socket.", "subprocess.", "os.system", "os.fork", "_thread.start_new_thread", "signal.")
    ) and (where := own_file()):
        effects.append(f"{event} at {where}")


class Environment(dict[str, str]):
    """The environment; records which file reads which variable."""

    def __getitem__(self, key: str) -> str:
        self._record(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._record(key)
        return super().get(key, default)

    def __contains__(self, key: object) -> bool:
        self._record(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[str]:
        self._record("*")
        return super().__iter__()

    @staticmethod
    def _record(key: object) -> None:
        # Packages may read when they are used: pydantic does for each model.
        if where := own_file(__file__, os.getenv.__code__.co_filename):
            effects.append(f"reads {key} of the environment at {where}")


def state() -> dict[str, Any]:
    """State of the process that an import must not change."""
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
    """Import one module and return its side effects."""
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


def probe_in_child(module: str, below: list[str]) -> dict[str, list[str]]:
    """Probe a module in a forked process that has imported only its packages, then those below."""
    read, write = os.pipe()
    if os.fork() == 0:
        found = {module: probe(module)}
        effects.clear()
        os.write(write, json.dumps(found | probe_in_children(below)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        results: dict[str, list[str]] = json.loads(pipe.read())
    os.wait()
    return results


def probe_in_children(modules: list[str]) -> dict[str, list[str]]:
    """Probe every module, those below another one in that one's process."""
    found: dict[str, list[str]] = {}
    for module in modules:
        if not any(is_below(module, other) for other in modules):
            below = [other for other in modules if is_below(other, module)]
            found |= probe_in_child(module, below)
    return found


def is_below(module: str, other: str) -> bool:
    """Whether a module is probed where the other one is imported already."""
    package = module.partition(".")[0]
    return module.startswith(f"{other}.") or (other == LOWER and package in UPPER)


if __name__ == "__main__":
    os.environ = Environment(os.environ)  # type: ignore[assignment]  # noqa: B003
    sys.addaudithook(audit)
    sys.path.insert(0, ROOT)
    print(
        json.dumps(
            {module: done for module, done in probe_in_children(sys.argv[1:]).items() if done},
            indent=1,
        )
    )
