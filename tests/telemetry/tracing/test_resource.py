"""Every span says which worker of which service it is from."""

import os
import socket

from opentelemetry.sdk.version import __version__ as sdk_version

from telemetry.config import TelemetryConfig
from telemetry.tracing.resource import resource_of


def test_resource_names_the_service_the_worker_and_the_sdk():
    config = TelemetryConfig(
        service_name="shop", service_version="1.2.3", environment="production", slot=3
    )
    assert dict(resource_of(config).attributes) == {
        "service.name": "shop",
        "service.version": "1.2.3",
        "service.instance.id": "3",
        "deployment.environment.name": "production",
        "process.pid": os.getpid(),
        "host.name": socket.gethostname(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.version": sdk_version,
    }
