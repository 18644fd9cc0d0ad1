"""Logs that write to a file: everything that was written can be read at any time."""

import logging

import pytest
from prometheus_client import CollectorRegistry

from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import Logs
from telemetry.metrics import Metrics
from telemetry.requests.record import set_current_record
from tests.telemetry.logs.strict_json import read_lines
from tests.telemetry.records import record


class Written:
    """Logs on a file of their own."""

    def __init__(self, path):
        self.metrics = Metrics(CollectorRegistry())
        self._path = path
        self._file = path.open("wb", buffering=0)
        guard = Guard(strict=True, on_error=pytest.fail)
        config = TelemetryConfig(service_name="shop", environment="test", log_level="DEBUG")
        self.logs = Logs(config, self.metrics, guard, fd=self._file.fileno())
        self.logs.install()
        # A logger that pytest cannot find: its own handlers raise what is wrong with a call.
        self.log = logging.Logger("shop")
        self.log.addHandler(self.logs._handler)

    def lines(self):
        """Every line so far, by a strict parser."""
        return read_lines(self._path.read_bytes())

    def close(self):
        self.logs.writer.stop()
        self.logs.uninstall()
        self._file.close()


@pytest.fixture
def written(tmp_path):
    """Logs within a request."""
    written = Written(tmp_path / "log")
    set_current_record(record())
    yield written
    set_current_record(None)
    written.close()
