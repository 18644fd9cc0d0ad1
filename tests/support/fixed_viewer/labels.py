"""The series of a query: one for each value of its labels."""

from collections.abc import Mapping
from typing import Final

from dashboards.panels import EXEMPLARS
from tests.support.fixed_viewer.targets import Target

Labels = dict[str, str]

VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "deployment_environment_name": ("production",),
    "service_name": ("serene",),
    "service_version": ("0.1.0", "0.1.1"),
    "service_instance_id": ("web-1/0", "web-1/1", "web-2/0"),
    "http_route": (
        "/api/v1/blog/posts",
        "/api/v1/companion/messages",
        "/api/v1/sessions/<uuid:session_id>/cancellation",
        "/api/v1/blog/posts/<slug>",
        "/api/v1/auth/login",
    ),
    "http_response_status_code": ("200", "201", "404", "503"),
    "phase": ("db", "cpu", "hub_wait", "external", "queue", "client_write"),
    "dominant_phase": ("db", "hub_wait", "external"),
    "db_operation_name": ("find", "aggregate", "update", "insert"),
    "db_collection_name": ("posts", "bookings", "conversations"),
    "error_type": ("NetworkTimeout", "DuplicateKeyError"),
    "state": ("ready", "starting", "draining"),
    "kind": ("frozen", "shared"),
    "result": ("succeeded", "refused", "failed"),
    "reason": ("timeout", "queue_full"),
    "decision": ("kept", "not_kept", "over_budget"),
    "signal": ("spans", "logs", "samples"),
    "hop": ("worker", "collector", "backend"),
    "job": ("otelcol", "tempo", "loki", "prometheus"),
    "exporter": ("otlphttp/tempo", "otlphttp/loki", "prometheusremotewrite"),
    "data_type": ("traces", "logs", "metrics"),
    "route_class": ("interactive", "bulk"),
    "generation": ("0", "1", "2"),
    "period": ("1m", "5m", "15m"),
    "version": ("3.11.2",),
    "alertname": ("DatabaseSlow", "AvailabilityBurn"),
    "severity": ("ticket", "page"),
    "gen_ai_request_model": ("companion-large",),
    "gen_ai_token_type": ("input", "output"),
    "operation": ("charge", "refund"),
    "status": ("succeeded", "failed"),
    "group": ("login", "companion"),
    "action": ("create", "publish"),
    "filter": ("tag", "none"),
    "where": ("sink.log", "sink.span"),
    "rule_group": ("serene", "serene-fast"),
    "type": ("query", "insert", "command"),
    "direction": ("in", "out"),
    "shape": (
        "find posts {published: ?, tags: ?}",
        "aggregate bookings [{$match: {therapist: ?}}, {$group: ?}]",
    ),
}
"""In every panel, where ``_OF_PANELS`` has no others."""

_CODE: Final = (
    "service.blog.markdown:render",
    "service.accounts.passwords:verify",
    "service.files.kinds:sniff",
)
_OF_PANELS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("Hub blocked by code", "code"): _CODE,
    ("Hub held by code", "code"): _CODE,
    ("Code that held the hub", "code"): _CODE,
    ("Failures by route", "http_response_status_code"): ("500", "503"),
    ("Unreadable requests", "http_response_status_code"): ("400", "431"),
    ("Prometheus: writes", "code"): ("204", "400"),
    ("Circuit breaker state", "state"): ("closed", "half_open", "open"),
    ("Machine: memory", "state"): ("used", "cached", "free"),
}

_SECONDS: Final = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "+Inf")
_BYTES: Final = ("1024", "16384", "65536", "262144", "1048576", "4194304", "+Inf")


def of_target(target: Target) -> list[Labels]:
    """Return the labels of each series of a query; one that is for its exemplars has none."""
    if target.legend == EXEMPLARS:
        return []
    values = {name: _values(target, name) for name in target.labels}
    count = max((len(each) for each in values.values()), default=1)
    return [
        {name: each[number % len(each)] for name, each in values.items()} for number in range(count)
    ]


def _values(target: Target, name: str) -> tuple[str, ...]:
    if name == "le":
        return _BYTES if target.unit == "bytes" else _SECONDS
    if own := _OF_PANELS.get((target.title, name)):
        return own
    # A label that is new on a board is drawn all the same.
    return VALUES.get(name, (f"{name} 1", f"{name} 2"))
