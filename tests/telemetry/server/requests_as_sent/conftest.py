"""The processes whose ports are sent the bytes of this folder's tables."""

import contextlib

import pytest

from telemetry.names import UNREADABLE_REQUESTS
from tests.support.polling import wait_until
from tests.support.processes import get_management, gunicorn, standalone


class Served:
    """A process that serves the echoing app, and one of its ports."""

    def __init__(self, process, port, management_port, *, is_app=True):
        self.process, self.port, self.management_port = process, port, management_port
        self.is_app = is_app

    def line_of(self, request_id):
        """Wait for the log line of a refused request."""
        return wait_until(
            lambda: next(
                (
                    line
                    for line in self.process.logged("request refused")
                    if line["request_id"] == request_id
                ),
                None,
            ),
            what="its log line",
        )

    def counted(self):
        """Return how many requests were refused."""
        metrics = get_management(self.management_port, "/metrics").body.decode().splitlines()
        return sum(
            float(line.split(" ")[1])
            for line in metrics
            if line.startswith(f"{UNREADABLE_REQUESTS.name}{{")
        )


@pytest.fixture(scope="package")
def processes():
    """Both processes, started beside each other."""
    with contextlib.ExitStack() as stack:
        started = {
            "gunicorn": stack.enter_context(gunicorn(app="tests.telemetry.server.apps.echo:app")),
            "standalone": stack.enter_context(
                standalone("tests.telemetry.server.apps.echo_standalone")
            ),
        }
        yield {
            name: Served(process, process.port, process.wait_until_ready()["port"])
            for name, process in started.items()
        }


@pytest.fixture(params=["gunicorn", "standalone"])
def app_server(request, processes):
    """Each server that runs an app."""
    return processes[request.param]


@pytest.fixture(params=["gunicorn", "standalone", "management"])
def server(request, processes):
    """Each server."""
    if request.param != "management":
        return processes[request.param]
    worker = processes["gunicorn"]
    return Served(worker.process, worker.management_port, worker.management_port, is_app=False)
