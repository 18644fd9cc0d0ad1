"""The Service board: do users get what they asked for, in time.

Which route does not; and where its time goes.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from dashboards import config, layout, links
from dashboards.boards.trust import trust
from dashboards.heads import service as heads
from dashboards.layout import Band, Section
from dashboards.panels import (
    PanelBuilder,
    Series,
    at_least,
    distribution,
    falling,
    lines,
    number,
    plain,
    rising,
    stacked,
    with_limit,
)
from dashboards.queries import runtime
from dashboards.queries import service as ask
from dashboards.tables import Column, grid

_WORKER = "worker {{service_instance_id}}"


def board() -> Dashboard:
    """The whole board."""
    description = "Do users get what they asked for, in time? If not: which route, and where does its time go?"
    sections = (_bad(), _where(), _why(), trust())
    return layout.board("serene-service", "Service", description, sections, layout.route_variable())


def _bad() -> Section:
    return Section(
        "Is it bad? (the last minutes, for users: probes of the health routes are left out)",
        (Band(5, _verdicts()),),
    )


def _verdicts() -> tuple[PanelBuilder, ...]:
    burn_limits = rising(config.Limits(config.OBJECTIVES.burn_warn, config.OBJECTIVES.burn_bad))
    return (
        _workers(),
        number(
            heads.VERDICTS_FAILED,
            rising(config.ERROR_SHARE),
            "no requests",
            Series(ask.FAILED_SHARE_NOW, "failed"),
        ),
        number(
            heads.VERDICTS_FAST,
            falling((1 + config.OBJECTIVES.fast_share) / 2, config.OBJECTIVES.fast_share),
            "no requests",
            Series(ask.FAST_SHARE_NOW, "fast"),
        ),
        number(
            heads.VERDICTS_P95,
            rising(config.LATENCY_P95_SECONDS),
            "no requests",
            Series(ask.P95_NOW, "p95"),
        ),
        number(
            heads.VERDICTS_BURN,
            burn_limits,
            "no requests",
            Series(ask.budget_burn(heads.SHORT), heads.SHORT),
            Series(ask.budget_burn(heads.LONG), heads.LONG),
        ),
        number(
            heads.VERDICTS_RATE, plain(), "nobody reports", Series(ask.REQUESTS_NOW, "requests")
        ),
    )


def _workers() -> PanelBuilder:
    ready = Series(ask.INSTANCES_READY, "ready")
    missing = Series(ask.INSTANCES_MISSING, "missing")
    limits = DynamicConfigValue("thresholds", rising(config.COUNT_OF_BAD).build())
    return number(
        heads.VERDICTS_READY, at_least(1), "nobody reports", ready, missing
    ).override_by_name("missing", [limits])


def _where() -> Section:
    label = "${__field.labels.http_route:percentencode}"
    return Section(
        "Where?",
        (
            Band(
                9,
                (
                    with_limit(
                        lines(
                            heads.WHERE_LATENCY,
                            Series(ask.P50, "p50", exemplars=True),
                            Series(ask.P95, "p95", exemplars=True),
                            Series(ask.P99, "p99", exemplars=True),
                        ),
                        config.LATENCY_P95_SECONDS,
                    ),
                    distribution(heads.WHERE_HEAT, ask.LATENCY_BUCKETS),
                ),
            ),
            Band(
                8,
                (
                    stacked(
                        heads.WHERE_REQUESTS,
                        Series(ask.REQUESTS_BY_ROUTE, "{{http_request_method}} {{http_route}}"),
                    ),
                    lines(
                        heads.WHERE_FAILURES,
                        Series(
                            ask.FAILURES_BY_ROUTE, "{{http_route}} {{http_response_status_code}}"
                        ),
                    ).data_links([links.failed_traces_of(label)]),
                    lines(
                        heads.WHERE_BY_ROUTE, Series(ask.P95_BY_ROUTE, "{{http_route}}")
                    ).data_links([links.slow_traces_of(label)]),
                    stacked(
                        heads.WHERE_STATUS,
                        Series(ask.REQUESTS_BY_STATUS, "{{http_response_status_code}}"),
                    ),
                ),
            ),
            Band(8, (_routes(),)),
        ),
    )


def _routes() -> PanelBuilder:
    value = "${__data.fields.Route:percentencode}"
    table = grid(
        heads.ROUTES,
        {"http_route": "Route"},
        Column("Share of all time", "percentunit", ask.ROUTE_TIME_SHARE),
        Column("Requests", "reqps", ask.ROUTE_REQUESTS),
        Column("Failed", "percentunit", ask.ROUTE_FAILED_SHARE, config.ERROR_SHARE),
        Column("Mean", "s", ask.ROUTE_MEAN),
        Column("p95", "s", ask.ROUTE_P95, config.LATENCY_P95_SECONDS),
    )
    return table.data_links([links.board_of_route(value), links.slow_traces_of(value)])


def _why() -> Section:
    label = "${__field.labels.http_route:percentencode}"
    return Section(
        "Why?",
        (
            Band(
                8,
                (
                    stacked(heads.WHY_PHASES, Series(ask.PHASE_MEAN, "{{phase}}")),
                    lines(heads.WHY_SLOW, Series(ask.SLOW_BY_PHASE, "{{dominant_phase}}")),
                    lines(
                        heads.WHY_SLOW_ROUTES, Series(ask.SLOW_BY_ROUTE, "{{http_route}}")
                    ).data_links([links.slow_traces_of(label)]),
                ),
            ),
            Band(
                7,
                (
                    lines(heads.WHY_FLIGHT, Series(ask.IN_FLIGHT, _WORKER)),
                    lines(heads.WHY_ABORTED, Series(ask.ABORTED, "{{reason}}")),
                    lines(
                        heads.WHY_UNREADABLE,
                        Series(ask.UNREADABLE, "{{http_response_status_code}}"),
                    ),
                    lines(heads.WHY_SIZE, Series(ask.RESPONSE_BYTES, "{{http_route}}")),
                ),
            ),
            Band(7, (_builds(),)),
        ),
    )


def _builds() -> PanelBuilder:
    keys = {
        "service_instance_id": "Worker",
        "service_version": "Version",
        "deployment_environment_name": "Environment",
        "version": "Python",
    }
    return grid(heads.BUILDS, keys, Column("Runs for", "s", runtime.BUILD_UPTIME))
