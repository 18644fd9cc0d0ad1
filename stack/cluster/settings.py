"""Every setting as a line of a ConfigMap or of a Secret: none is missing, none is in both.

A line without a value leaves the default to the image, because an empty value counts as not set;
so a new version's defaults are not pinned by these files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.settings import ServiceSettings
from telemetry import SecretStr
from telemetry.config import Settings, TelemetryConfig
from telemetry.config.standard import NAMES
from telemetry.config.variables import VARIABLES

SERVICE: Final = "serene"
"""Name of the service in every signal, of its namespace and of its Deployment."""

AGENTS: Final = "serene-agents"
"""Namespace of the agents."""

OTLP_PORT: Final = 4318
"""Port of the agents for spans. Source: OTLP specification, "OTLP/HTTP Default Port"."""

OF_THE_POD: Final = frozenset({"DEPLOYMENT_ENVIRONMENT", "OTEL_RESOURCE_ATTRIBUTES"})
"""Set by the Deployment from the pod's own metadata."""

CREDENTIALS: Final = frozenset({"MONGODB_URI", "REDIS_URL"})
"""Addresses with a password in them."""

VALUES: Final = {
    "SERENE_HOST": "0.0.0.0",  # noqa: S104 - of a pod, whose network policy lets the ingress in
    "TELEMETRY_MANAGEMENT_HOST": "0.0.0.0",  # noqa: S104 - the same, for probes and Prometheus
    # One worker a pod: probes, metrics and the autoscaler see each by itself.
    "WEB_CONCURRENCY": "1",
    # For keep-alive connections of the ingress, after the pod has left the endpoints.
    "DRAIN_DELAY_SECONDS": "5",
    "OTEL_SERVICE_NAME": SERVICE,
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://serene-agent.{AGENTS}:{OTLP_PORT}",
}
"""What any cluster sets; overlays add the rest."""

_HEAD: Final = (
    "# Written by `python -m stack.cluster` from the settings; docs/settings.md has what each\n"
    "# one does. A line without a value leaves the default.\n"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the service.

    Args:
        name: Of the variable.
        group: Of settings that belong together.
        secret: Whether it belongs into a Secret.
    """

    name: str
    group: str
    secret: bool


def every_setting() -> list[Setting]:
    """Return every variable that the service reads, each once, in the order of the docs."""
    groups: dict[str, type[Settings]] = {**ServiceSettings.groups(), "telemetry": TelemetryConfig}
    found: dict[str, Setting] = {}
    for group, settings in groups.items():
        for field in settings.model_fields.values():
            if field.alias is not None and field.alias not in NAMES:
                secret = isinstance(field.default, SecretStr) or field.alias in CREDENTIALS
                found.setdefault(field.alias, Setting(field.alias, group, secret))
    for variable in VARIABLES:
        standard = Setting(variable.name, "opentelemetry", variable.secret)
        found.setdefault(variable.name, standard)
    return list(found.values())


def config_map() -> str:
    """Return the file of the ConfigMap."""
    return _HEAD + "".join(_lines(secret=False))


def secret_example() -> str:
    """Return the file to fill in, from which a Secret is made."""
    return _HEAD + "".join(_lines(secret=True))


def _lines(*, secret: bool) -> Iterator[str]:
    group = ""
    for setting in every_setting():
        if setting.secret != secret or setting.name in OF_THE_POD:
            continue
        if setting.group != group:
            group = setting.group
            yield f"\n# {group}\n"
        yield f"{setting.name}={VALUES.get(setting.name, '')}\n"
