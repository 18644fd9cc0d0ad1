"""gunicorn's server hooks for ``DrainingWorker``.

Plain functions without state of their own, because a reload reads the configuration again; what
must outlive it is on the arbiter.
"""

import os
import sys
from typing import Any, Final

from telemetry.config import SettingError, TelemetryConfig
from telemetry.gunicorn.arbiter import ArbiterPatch
from telemetry.sockets import PortError, listen

HOOKS: Final = ("on_starting", "on_reload", "pre_fork", "post_fork", "child_exit", "on_exit")


def on_starting(arbiter: Any) -> None:
    """Take over signals and open the management sockets.

    Raises:
        SystemExit: A setting cannot be used or a port is taken; the text is one line.
    """
    if arbiter.cfg.preload_app:
        sys.exit(
            "preload_app is not possible: "
            "the app must be imported after the worker has been monkey-patched"
        )
    try:
        # gunicorn itself would try for five seconds, with two lines each time.
        for address in arbiter.cfg.address:
            if isinstance(address, tuple) and "LISTEN_FDS" not in os.environ:
                listen(*address[:2], purpose="the service", setting="bind").close()
        arbiter.telemetry_patch = ArbiterPatch(arbiter, TelemetryConfig.from_env(os.environ))
    except (SettingError, PortError) as error:
        sys.exit(str(error))


def on_reload(arbiter: Any) -> None:
    """Retire the present workers; their successors get the same slots."""
    arbiter.telemetry_patch.retire_workers()


def pre_fork(arbiter: Any, worker: Any) -> None:
    """Assign the worker a slot."""
    arbiter.telemetry_patch.assign_slot(worker)


def post_fork(arbiter: Any, worker: Any) -> None:
    """Hand the worker its slot and management socket."""
    arbiter.telemetry_patch.init_worker(worker)


def child_exit(arbiter: Any, worker: Any) -> None:
    """Record how the worker ended."""
    arbiter.telemetry_patch.on_worker_exit(worker)


def on_exit(arbiter: Any) -> None:
    """Give the arbiter the exit code of the whole."""
    arbiter.telemetry_patch.on_arbiter_exit()
