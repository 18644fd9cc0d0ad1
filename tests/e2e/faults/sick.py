"""One more instance of the service, beside the drilled workers: a machine whose roll-out was bad.

It is scraped, and its lines are read, as those of the others; nothing sends it requests but the
tests. What is planted in it needs settings of its own, or would end the workers that faults are
pressed on.
"""

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import requests

from stack import paths
from stack.runner import Stack
from tests.e2e.polling import poll
from tests.support.ports import free_port

NAME: Final = "sick/0"
"""Its ``service.instance.id``."""
PROXY: Final = "sick-mongodb"
_ENDS_SECONDS: Final = 30.0


class SickInstance:
    """One gunicorn with one worker and the test routes.

    Args:
        stack: Its backends are used; they need not run yet.
        settings: Of the drilled workers.
    """

    def __init__(self, stack: Stack, settings: Mapping[str, str]) -> None:
        self._stack = stack
        self._settings = settings
        self._port, self._management_port = free_port(), free_port()
        self._database_port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.management = f"http://127.0.0.1:{self._management_port}"

    @property
    def log(self) -> Path:
        """File of its standard output."""
        return self._stack.log_path("sick")

    def collector_settings(self) -> dict[str, str]:
        """Return the settings with which the Collector scrapes it, and reads its lines."""
        usual = self._stack.environment("collector")
        targets = json.loads(usual["SERENE_SCRAPE_TARGETS"])
        files = json.loads(usual["SERVICE_LOG_FILES"])
        return {
            "SERENE_SCRAPE_TARGETS": json.dumps([*targets, f"{self.management[7:]}#{NAME}"]),
            "SERVICE_LOG_FILES": json.dumps([*files, str(self.log)]),
        }

    def put_proxy_before_database(self) -> None:
        """Create its own way to MongoDB, behind that of the others; toxiproxy runs."""
        proxy = {
            "name": PROXY,
            "listen": f"127.0.0.1:{self._database_port}",
            "upstream": f"127.0.0.1:{self._stack.port('toxiproxy', 'mongodb')}",
            "enabled": True,
        }
        url = f"{self._stack.url('toxiproxy')}/proxies"
        requests.post(url, json=proxy, timeout=60).raise_for_status()

    @contextmanager
    def slow_database(self, milliseconds: int) -> Iterator[None]:
        """Let MongoDB's answers to it come later for the block."""
        url = f"{self._stack.url('toxiproxy')}/proxies/{PROXY}/toxics"
        toxic = {"name": PROXY, "type": "latency", "attributes": {"latency": milliseconds}}
        requests.post(url, json=toxic, timeout=60).raise_for_status()
        try:
            yield
        finally:
            requests.delete(f"{url}/{PROXY}", timeout=60).raise_for_status()

    @contextmanager
    def blocked_hub(self) -> Iterator[None]:
        """Let its code block its hub for half of each second of the block."""
        url = f"{self.management}/debug/faults/blocked-hub"
        requests.post(url, params={"seconds": "600"}, timeout=60).raise_for_status()
        try:
            yield
        finally:
            requests.delete(url, timeout=60).raise_for_status()

    def start(self, changes: Mapping[str, str] | None = None) -> None:
        """Start it, and wait until it is live.

        Args:
            changes: Settings that differ from those of the drilled workers.
        """
        environment = self._stack.environment("service") | {
            **self._settings,
            "SERENE_PORT": str(self._port),
            "TELEMETRY_MANAGEMENT_PORT": str(self._management_port),
            "WEB_CONCURRENCY": "1",
            "MONGODB_URI": f"mongodb://127.0.0.1:{self._database_port}/serene",
            "OTEL_RESOURCE_ATTRIBUTES": f"service.instance.id={NAME}",
            # Bookings are for the drilled workers to recover, whose faults hang on them.
            "BOOKING_RECOVERY_SECONDS": "86400",
            **(changes or {}),
        }
        gunicorn = str(paths.VENV / "bin/gunicorn")
        command = [gunicorn, "-c", "service/gunicorn_conf.py", "tests.e2e.boards.app:app"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=paths.ROOT, env=environment, stdout=output, stderr=output
            )
        poll(self._is_live, what="the sick instance is live")

    def terminate(self) -> None:
        """Send SIGTERM; a second one forces the end of a drain."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    def has_ended(self) -> bool:
        """Return whether it does not run."""
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """End it, with SIGKILL where it does not end; what has ended needs nothing."""
        if self._process is None or self.has_ended():
            return
        self.terminate()
        try:
            self._process.wait(_ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def debug(self, path: str) -> str:
        """Return what its management port shows at a path."""
        return requests.get(f"{self.management}{path}", timeout=60).text

    def _is_live(self) -> bool:
        if self.has_ended():
            raise AssertionError(f"it has ended: {self.log.read_text()[-2000:]}")
        url = f"{self.url}/api/v1/health/liveness"
        return requests.get(url, timeout=60).status_code == 200


def old_key(days: int) -> str:
    """Return a signing key that is so many days old by its name."""
    made = datetime.now(UTC).date() - timedelta(days=days)
    return f"{made.isoformat()}:{'only-for-the-drill-' * 2}"
