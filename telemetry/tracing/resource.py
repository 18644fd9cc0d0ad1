"""The resource of a process: the attributes that all its spans share.

Made from the settings and the process alone; no detector runs and no environment is read.

Source: OpenTelemetry semantic conventions, resource attributes; OpenTelemetry specification,
"Resource SDK".
"""

import os

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.version import __version__ as sdk_version
from opentelemetry.semconv._incubating.attributes import host_attributes, process_attributes
from opentelemetry.semconv.attributes import (
    deployment_attributes,
    service_attributes,
    telemetry_attributes,
)

from telemetry.config import TelemetryConfig


def resource_of(config: TelemetryConfig) -> Resource:
    """The resource of one worker.

    Args:
        config: Names the service, its version, its environment and the worker's slot. Its
            ``resource_attributes`` may add others; the process and the SDK are what they are.
    """
    identity = {
        service_attributes.SERVICE_NAME: config.service_name,
        service_attributes.SERVICE_VERSION: config.service_version,
        service_attributes.SERVICE_INSTANCE_ID: config.instance_id,
        deployment_attributes.DEPLOYMENT_ENVIRONMENT_NAME: config.environment,
        host_attributes.HOST_NAME: config.host_name,
    }
    return Resource(
        {
            **config.resource_attributes,
            **{name: value for name, value in identity.items() if value},
            process_attributes.PROCESS_PID: os.getpid(),
            telemetry_attributes.TELEMETRY_SDK_LANGUAGE: "python",
            telemetry_attributes.TELEMETRY_SDK_NAME: "opentelemetry",
            telemetry_attributes.TELEMETRY_SDK_VERSION: sdk_version,
        }
    )
