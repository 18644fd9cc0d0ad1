"""`./serene kubernetes`: an overlay on a real control plane, until Ctrl-C."""

import argparse
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from stack import commands, golang, paths, up
from stack.build import Builder
from stack.cluster import components, trial
from stack.cluster.control_plane import ControlPlane
from stack.ports import free_offset, shifted

NEEDED: Final = ("etcd", "kubernetes", "kwok")
_NODES: Final = 4
_POLL_SECONDS: Final = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "overlay",
        nargs="?",
        choices=trial.OVERLAYS,
        default="dev",
        metavar="OVERLAY",
        help=f"one of {', '.join(trial.OVERLAYS)} (default: %(default)s)",
    )


def kubernetes(options: argparse.Namespace) -> int:
    """Start a control plane with pretended nodes, apply the overlay, and stay.

    Returns: 0 after Ctrl-C, SIGTERM or SIGHUP.
    Raises: StackError when a program cannot be built or ends, or the overlay is refused.
    """
    commands.build_missing(NEEDED)
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    ports = shifted("kubernetes", components.PORTS, free_offset(components.PORTS.values()))
    with (
        up.signals_interrupt(),
        tempfile.TemporaryDirectory(prefix="serene-kubernetes-") as folder,
        ControlPlane(Path(folder) / "plane", ports, builder) as plane,
    ):
        trial.furnish(plane, _NODES)
        applied = trial.install(plane, options.overlay, {"MONGODB_URI": "mongodb://example/serene"})
        print(applied.error, end="", file=sys.stderr)
        print(_greeting(plane), flush=True)
        _stay(plane)
    return 0


def _stay(plane: ControlPlane) -> None:
    with suppress(KeyboardInterrupt):  # The usual end.
        while True:
            plane.check()
            time.sleep(_POLL_SECONDS)
    # A second Ctrl-C would leave programs behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _greeting(plane: ControlPlane) -> str:
    return (
        f"{plane.kubectl('get', 'pods', '--all-namespaces', '--output=wide').output}\n"
        f"export KUBECONFIG={plane.place.kubeconfig()}\n"
        f"alias kubectl={plane.program('kubectl')}\n"
        "Pods only pretend to run. Ctrl-C ends everything."
    )
