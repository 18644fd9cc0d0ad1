"""`./serene kubernetes`: an overlay on a real control plane, until Ctrl-C."""

import argparse
import signal
import tempfile
import threading
from pathlib import Path
from typing import Final

from stack import commands, golang, paths
from stack.build import Builder
from stack.cluster import components, trial
from stack.cluster.control_plane import ControlPlane
from stack.ports import free_offset, shifted

NEEDED: Final = ("etcd", "kubernetes", "kwok")
_NODES: Final = 4


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

    Returns: 0 after Ctrl-C or SIGTERM.
    Raises: StackError when a program cannot be built or does not start, or the overlay is refused.
    """
    commands.build_missing(NEEDED)
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    ports = shifted("kubernetes", components.PORTS, free_offset(components.PORTS.values()))
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with (
        tempfile.TemporaryDirectory(prefix="serene-kubernetes-") as folder,
        ControlPlane(Path(folder) / "plane", ports, builder) as plane,
    ):
        trial.furnish(plane, _NODES)
        trial.install(plane, options.overlay, {"MONGODB_URI": "mongodb://example/serene"})
        print(_greeting(plane), flush=True)
        ended.wait()
    return 0


def _greeting(plane: ControlPlane) -> str:
    return (
        f"{plane.kubectl('get', 'pods', '--all-namespaces', '--output=wide').output}\n"
        f"export KUBECONFIG={plane.place.kubeconfig()}\n"
        f"alias kubectl={plane.program('kubectl')}\n"
        "Pods only pretend to run. Ctrl-C ends everything."
    )
