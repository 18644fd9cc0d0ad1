"""The process that a test signals: gunicorn's arbiter, its worker, or a standalone process."""

import os
from contextlib import AbstractContextManager
from signal import SIGTERM
from typing import Literal

from tests.support.processes import ServerProcess, gunicorn, standalone

Target = Literal["arbiter", "worker", "standalone"]


def started(target: Target, **environ: object) -> AbstractContextManager[ServerProcess]:
    """Start the server that has the target."""
    return standalone(**environ) if target == "standalone" else gunicorn(**environ)


def send_signal(target: Target, server: ServerProcess, number: int) -> int:
    """Signal the target; returns its pid."""
    pid = server.workers[0] if target == "worker" else server.process.pid
    os.kill(pid, number)
    return pid


def exit_code_of(target: Target, server: ServerProcess, pid: int) -> int:
    """Wait for the exit of the target, then stop the rest; returns the exit code of the whole."""
    if target == "worker":
        server.wait_for_worker_exit(pid)
        server.wait_until_ready()
        server.signal(SIGTERM)
    return server.exit_code()
