"""The resource of a span names the worker of the service that made it."""

import os
import socket
import tomllib
from pathlib import Path

from telemetry.config import TelemetryConfig
from telemetry.tracing.resource import resource_of

ROOT = Path(__file__).parents[3]


def project_version():
    """Of the distribution, whose own spans these are."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_resource_names_the_service_the_worker_and_the_sdk():
    config = TelemetryConfig(
        service_name="shop", service_version="1.2.3", environment="production", slot=3
    )
    assert dict(resource_of(config).attributes) == {
        "service.name": "shop",
        "service.version": "1.2.3",
        "service.instance.id": f"{socket.gethostname()}/3",
        "deployment.environment.name": "production",
        "process.pid": os.getpid(),
        "host.name": socket.gethostname(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "serene-telemetry",
        "telemetry.sdk.version": project_version(),
    }


def test_attributes_of_the_environment_are_added_and_the_process_stays_itself():
    config = TelemetryConfig.from_env(
        {
            "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=eu,host.name=node-7,process.pid=1,"
            "telemetry.sdk.language=cobol,service.name=other",
            "OTEL_SERVICE_NAME": "shop",
        }
    )
    attributes = dict(resource_of(config).attributes)
    assert attributes == {
        "service.namespace": "eu",
        "service.name": "shop",
        "service.instance.id": "node-7/0",
        "deployment.environment.name": "development",
        "host.name": "node-7",
        "process.pid": os.getpid(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "serene-telemetry",
        "telemetry.sdk.version": project_version(),
    }
