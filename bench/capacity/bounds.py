"""What breaks first: the need of a plan against each bound of what is shipped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.capacity.manifests import Manifests
from bench.capacity.plan import Plan
from telemetry.config import TelemetryConfig

MB: Final = 1e6


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound.

    Args:
        name: Of what it bounds.
        most: That is possible.
        need: Of a plan, in the same unit.
        unit: Behind the figures.
        whence: Where the bound is set.
        then: What to do before it is reached.
    """

    name: str
    most: float
    need: Callable[[Plan], float]
    unit: str
    whence: str
    then: str

    def use(self, plan: Plan) -> float:
        """Return the share of the bound that a plan needs."""
        return self.need(plan) / self.most


def bounds(manifests: Manifests) -> list[Bound]:
    """Return every bound of what is shipped, and of the services assumed beside it."""
    return [*_of_the_service(manifests), *_of_the_databases(), *_of_telemetry(manifests)]


def _of_the_service(manifests: Manifests) -> list[Bound]:
    return [
        Bound(
            "pods",
            manifests.most_pods,
            lambda plan: plan.workers,
            "pods",
            "`maxReplicas`",
            "raise `maxReplicas`",
        ),
        Bound(
            "connections of clients to a worker, when no proxy pools them",
            TelemetryConfig.from_env({}).connections_per_worker,
            lambda plan: plan.connections,
            "",
            "`CONNECTIONS_PER_WORKER`",
            "none must: the longest idle one is closed; raise it for less reconnecting",
        ),
    ]


def _of_the_databases() -> list[Bound]:
    return [
        Bound(
            "connections to MongoDB with full pools",
            3000,
            lambda plan: plan.mongodb_connections,
            "",
            "an Atlas M30",
            "set `MONGODB_MAX_POOL_SIZE` to what a worker needs (above), or take a larger tier",
        ),
        Bound(
            "commands of MongoDB",
            20_000,
            lambda plan: plan.mongodb_commands,
            "/s",
            "assumed of one primary",
            "`MONGODB_PUBLIC_READS=secondaryPreferred` and the CDN for the blog; then shards",
        ),
        Bound(
            "commands of Redis",
            50_000,
            lambda plan: plan.redis_commands,
            "/s",
            "assumed of one Redis",
            "a Redis cluster, whose keys spread by client",
        ),
    ]


def _of_telemetry(manifests: Manifests) -> list[Bound]:
    return [
        Bound(
            "gateways",
            manifests.gateways * manifests.gateway_cores,
            lambda plan: plan.collector_cores,
            "cores",
            "`replicas` and limit of the gateway",
            "more `replicas`: agents spread traces over all",
        ),
        Bound(
            "lines taken by Loki",
            4.0,
            lambda plan: plan.log_bytes / MB,
            "MB/s",
            "`ingestion_rate_mb`, its default",
            "raise it; a line of each request is the cost of finding any request",
        ),
        Bound(
            "spans taken by Tempo",
            15.0,
            lambda plan: plan.span_bytes / MB,
            "MB/s",
            "`rate_limit_bytes`, its default",
            "a lower `OTEL_TRACES_SAMPLER_ARG`",
        ),
        Bound(
            "samples taken by one Prometheus",
            500_000,
            lambda plan: plan.samples,
            "/s",
            "assumed of one server",
            "native histograms, or Mimir or Thanos by shards",
        ),
    ]


def ranked(plan: Plan, manifests: Manifests) -> list[Bound]:
    """Return the bounds, the one that is reached first at the front."""
    return sorted(bounds(manifests), key=lambda one: -one.use(plan))
