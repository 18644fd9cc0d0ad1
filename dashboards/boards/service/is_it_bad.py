"""First row of the Service board: the service-level objectives over the last minutes."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Stat, Target, at_least, falling, neutral, rising
from dashboards.queries import service as queries
from service import objectives
from service.objectives import Limits

_TARGET_SECONDS = f"{objectives.LATENCY_SECONDS:g} s"
_SHORT, _LONG = objectives.PAGE[0].short, objectives.PAGE[0].long

SECTION: Final = Section(
    "Is it bad? (the last minutes, for users: probes of the health routes are left out)",
    Band(
        5,
        Stat(
            title="Workers ready",
            unit="short",
            description=(
                "Workers that accept requests, and known workers that do not. Bad when one is"
                " missing for longer than a start takes. The state timeline on the board Runtime"
                " shows since when; `GET /api/v1/health/readiness` on its management port shows"
                " why."
            ),
            thresholds=at_least(1),
            legend_thresholds={"missing": rising(config.BAD_COUNT)},
            no_value="no worker reports",
            targets=(
                Target(queries.WORKERS_READY, "ready"),
                Target(queries.WORKERS_MISSING, "missing"),
            ),
        ),
        Stat(
            title="Failed requests",
            unit="percentunit",
            description=(
                f"Share of requests answered with 5xx over {config.NOW}. Bad when over"
                f" {config.ERROR_RATIO.bad:.0%}: find the route in Failures by route below, then"
                " follow the link to its failed traces."
            ),
            thresholds=rising(config.ERROR_RATIO),
            no_value="no requests",
            targets=(Target(queries.FAILED_SHARE_NOW, "failed"),),
        ),
        Stat(
            title=f"Within {_TARGET_SECONDS}",
            unit="percentunit",
            description=(
                f"Share of requests answered within {_TARGET_SECONDS} over {config.NOW}."
                f" Bad when below the objective of {objectives.LATENCY.ratio:.0%}: Where the time"
                " goes, below, shows what requests wait for."
            ),
            thresholds=falling(
                Limits((1 + objectives.LATENCY.ratio) / 2, objectives.LATENCY.ratio)
            ),
            no_value="no requests",
            targets=(Target(queries.FAST_SHARE_NOW, "fast"),),
        ),
        Stat(
            title="Latency p99",
            unit="s",
            description=(
                f"One request in a hundred takes longer. Bad when over {_TARGET_SECONDS}: find the"
                " route in the table below, then open a dot (an exemplar) of the latency panel as"
                " a trace."
            ),
            thresholds=rising(config.LATENCY_P99_SECONDS),
            no_value="no requests",
            targets=(Target(queries.P99_NOW, "p99"),),
        ),
        Stat(
            title="Error budget burn",
            unit="suffix:x",
            description=(
                "Burn rate of the error budget as a multiple of the even rate, over"
                f" {_SHORT} and {_LONG}. Both high: an incident, act now. Only {_SHORT}: a blip so"
                f" far. Only {_LONG}: the incident is over."
            ),
            thresholds=rising(objectives.BURN_RATE),
            no_value="no requests",
            targets=(
                Target(queries.budget_burn(_SHORT), _SHORT),
                Target(queries.budget_burn(_LONG), _LONG),
            ),
        ),
        Stat(
            title="Requests",
            unit="reqps",
            description=(
                "Requests per second. Bad when it drops to 0 at a time of day that has traffic:"
                " then the fault is in front of the service (load balancer, DNS, certificate),"
                " because nothing fails here."
            ),
            thresholds=neutral(),
            no_value="no worker reports",
            targets=(Target(queries.REQUESTS_NOW, "requests"),),
        ),
    ),
)
