"""Any of the apps, with routes by which a benchmark starts and reads valgrind's counter.

``BENCH_APP`` names the app as ``module:function``. ``BENCH_WITHOUT`` names steps and sinks of the
layer's recorder that are not built, such as ``begin.metrics,sink.metrics``.
"""

import ctypes
import gc
import importlib
import mmap
import os
from collections.abc import Callable, Iterable
from typing import Any, Final

from flask import Flask

APP: Final = "BENCH_APP"
WITHOUT: Final = "BENCH_WITHOUT"

# valgrind recognizes these four rotations and what follows them, and reads the address of the
# request's arguments from RAX. Without valgrind they do nothing. Source: valgrind.h, amd64.
_CODE: Final = bytes.fromhex("4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3")
_TOOL: Final = (ord("C") << 24) | (ord("T") << 16)
# Source: callgrind.h, Vg_CallgrindClientRequest.
REQUESTS: Final = {"dump": _TOOL, "zero": _TOOL + 1, "start": _TOOL + 4, "stop": _TOOL + 5}


class Valgrind:
    """Sends requests to the callgrind that runs this process."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE, prot=7)  # read, write, execute
        self._memory.write(_CODE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        self._call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(address)
        self._arguments = (ctypes.c_uint64 * 6)()

    def ask(self, name: str) -> dict[str, str]:
        """Send one of ``REQUESTS``; a view."""
        if name == "zero":
            gc.collect()  # so that a full collection falls into no load
        self._arguments[0] = REQUESTS[name]
        self._call(ctypes.addressof(self._arguments))
        return {"asked": name}


def create() -> Flask:
    """Return the app with ``/callgrind/<request>``."""
    module, _, function = os.environ[APP].partition(":")
    if module == "layer":
        _adapt({name for name in os.environ.get(WITHOUT, "").split(",") if name})
    make: Callable[[], Flask] = getattr(importlib.import_module(f"bench.apps.{module}"), function)
    app = make()
    app.add_url_rule("/callgrind/<name>", "callgrind", Valgrind().ask)
    return app


def _adapt(without: set[str]) -> None:
    """Make layers from now on without some steps and sinks of the recorder.

    Under valgrind each request takes a hundred times as long: it would get the steps of those that
    people ask about, and the thread that samples the hub would see it a hundred times as often.
    """
    monitor = importlib.import_module("telemetry.hub.monitor")
    interval = {"sample_every_seconds": 100 * monitor.SAMPLE_EVERY_SECONDS}
    monitor.HubMonitor.__init__.__kwdefaults__.update(interval)
    recording = importlib.import_module("telemetry.recording")
    vars(importlib.import_module("telemetry.requests.recorder"))["LEAST_BLOCKED_SECONDS"] = 60.0

    class Partial(recording.Recorder):  # type: ignore[name-defined, misc]
        def __init__(self, guard: Any, *, begin: Any, completion: Any, resume: Any = ()) -> None:
            super().__init__(
                guard,
                begin=_others(begin, "begin", without),
                completion=_others(completion, "end", without),
                resume=resume,
            )

        def add_record_sink(
            self, name: str, sink: Callable[[Any], None], *, notable_only: bool = False
        ) -> None:
            if f"sink.{name}" not in without:
                super().add_record_sink(name, sink, notable_only=notable_only)

    vars(recording)["Recorder"] = Partial


def _others(steps: Iterable[Any], place: str, without: set[str]) -> list[Any]:
    """Return the steps that are not left out."""
    steps = list(steps)
    named = {name.removeprefix(f"{place}.") for name in without if name.startswith(f"{place}.")}
    if missing := named - {step.name for step in steps}:
        raise ValueError(f"{WITHOUT}: the recorder has no {place} step {', '.join(missing)}")
    return [step for step in steps if step.name not in named]
