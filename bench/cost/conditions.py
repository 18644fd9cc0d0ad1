"""What is measured: apps on workers, with their settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

Group = Literal["bare", "layer", "part", "usual", "agent"]

BARE: Final = "bare"
BARE_OURS: Final = "bare, our worker"
RATIO: Final = "OTEL_TRACES_SAMPLER_ARG"
EXPORTER: Final = "OTEL_TRACES_EXPORTER"


@dataclass(frozen=True, slots=True)
class Condition:
    """One server.

    Args:
        name: In tables.
        group: Which part of the tables it belongs to.
        app: Module of ``bench.apps`` and function.
        draining: Whether it runs on the layer's ``DrainingWorker``, else on gunicorn's own.
        environment: Settings.
        venv: Name of its virtual environment; that of this process when empty.
    """

    name: str
    group: Group
    app: str
    draining: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    venv: str = ""

    @property
    def has_layer(self) -> bool:
        """Whether it exposes the layer's metrics."""
        return self.app.startswith("layer:")

    @property
    def exports(self) -> bool:
        """Whether the layer sends its spans."""
        return self.has_layer and self.environment.get(EXPORTER) != "none"

    @property
    def sends_every_trace(self) -> bool:
        """Whether a foreign library sends a trace for each request."""
        return bool(self.venv) and RATIO not in self.environment


def layer(
    name: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    *,
    group: Group = "layer",
    stock: bool = False,
) -> Condition:
    """Return a condition with the layer."""
    app = "layer:create_started" if stock else "layer:create"
    return Condition(name, group, app, draining=not stock, environment=settings)


def foreign(name: str, group: Group, function: str, venv: str, **settings: str) -> Condition:
    """Return a condition with what others make, on gunicorn's own worker."""
    return Condition(
        name, group, f"foreign:{function}", draining=False, environment=settings, venv=venv
    )


CONDITIONS: Final = (
    Condition(BARE, "bare", "bare:create", draining=False),
    Condition(BARE_OURS, "bare", "bare_draining:create"),
    layer("layer, every trace"),
    layer("layer, one trace in ten", {RATIO: "0.1"}),
    layer("layer, no trace", {RATIO: "0"}),
    layer("layer on the stock worker, every trace", stock=True),
    layer("layer on the stock worker, one in ten", {RATIO: "0.1"}, stock=True),
    layer("without the request log", {"TELEMETRY_REQUEST_LOG": "false"}, group="part"),
    layer("without the cpu phase", {"TELEMETRY_CPU_PHASE": "false"}, group="part"),
    layer("without performance headers", {"TELEMETRY_PERFORMANCE": "false"}, group="part"),
    layer("without the request id's header", {"TELEMETRY_REQUEST_ID": "false"}, group="part"),
    layer("without export", {EXPORTER: "none"}, group="part"),
    layer("without spans", {"OTEL_SDK_DISABLED": "true"}, group="part"),
    foreign("usual set, every trace", "usual", "create_usual", "usual"),
    foreign(
        "usual set, one trace in ten",
        "usual",
        "create_usual",
        "usual",
        OTEL_TRACES_SAMPLER="parentbased_traceidratio",
        OTEL_TRACES_SAMPLER_ARG="0.1",
    ),
)
AGENTS: Final = (
    foreign("elastic-apm", "agent", "create_elastic", "elastic-apm"),
    foreign("sentry-sdk", "agent", "create_sentry", "sentry-sdk"),
    foreign("ddtrace", "agent", "create_datadog", "ddtrace"),
    foreign("logfire", "agent", "create_logfire", "logfire"),
)
NOT_INSTALLABLE: Final = (
    "New Relic, Dynatrace, AppDynamics, Instana and Splunk need an account or an agent of the "
    "machine: not measured"
)


def chosen(only: Sequence[str], *, agents: bool) -> list[Condition]:
    """Return the conditions to measure, bare always.

    Args:
        only: Texts of which one occurs in the name or is the group; all when empty.
        agents: Whether commercial agents are measured too.

    Raises:
        ValueError: A text matches nothing.
    """
    every = [*CONDITIONS, *(AGENTS if agents else ())]
    for text in only:
        if not any(_matches(one, text) for one in every):
            raise ValueError(f"no condition matches {text!r}: {', '.join(c.name for c in every)}")
    return [
        one
        for one in every
        if not only or one.name == BARE or any(_matches(one, text) for text in only)
    ]


def with_routes(conditions: Sequence[Condition], routes: int) -> list[Condition]:
    """Return the conditions with so many routes."""
    setting = {"BENCH_ROUTES": str(routes)}
    return [replace(one, environment={**one.environment, **setting}) for one in conditions]


def _matches(condition: Condition, text: str) -> bool:
    return text == condition.group or text in condition.name
