"""gunicorn's server hooks for ``DrainingWorker``: import them by name into a gunicorn
configuration.

Plain functions without state of their own, because a reload reads the configuration anew; what must
outlive it is on the arbiter.
"""

import os
import sys
from typing import Any

from telemetry.config import SettingError, TelemetryConfig
from telemetry.gunicorn.arbiter import Fleet
from telemetry.server.sockets import PortError, listen

HOOKS = ("on_starting", "on_reload", "pre_fork", "post_fork", "child_exit", "on_exit")


def on_starting(arbiter: Any) -> None:
    """Take over signals and open the management sockets.

    Raises:
        SystemExit: A setting cannot be used or a port is taken; the text is one line.
    """
    if arbiter.cfg.preload_app:
        sys.exit(
            "preload_app is not possible: the app must be imported after the worker has been monkey-patched"
        )
    try:
        # gunicorn itself would try for five seconds, with two lines each time.
        for address in arbiter.cfg.address:
            if isinstance(address, tuple) and "LISTEN_FDS" not in os.environ:
                listen(*address[:2], purpose="the service", setting="bind").close()
        arbiter.fleet = Fleet(arbiter, TelemetryConfig.from_env(os.environ))
    except (SettingError, PortError) as error:
        sys.exit(str(error))


def on_reload(arbiter: Any) -> None:
    """The present workers retire; their successors get the same slots."""
    arbiter.fleet.retire_all()


def pre_fork(arbiter: Any, worker: Any) -> None:
    """Give the worker a slot."""
    arbiter.fleet.admit(worker)


def post_fork(arbiter: Any, worker: Any) -> None:
    """Tell the worker who it is."""
    arbiter.fleet.enter(worker)


def child_exit(arbiter: Any, worker: Any) -> None:
    """Take note of how a worker ended."""
    arbiter.fleet.bury(worker)


def on_exit(arbiter: Any) -> None:
    """Give the arbiter the exit code of the whole."""
    arbiter.fleet.end()
