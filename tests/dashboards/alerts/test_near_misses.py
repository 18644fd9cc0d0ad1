"""What is not yet, or no longer, or not at all, what an alert names."""

from pathlib import Path

import pytest

from dashboards import alerts
from tests.dashboards.alerts.timeline import phases, ramp, running, series
from tests.support import promtool

pytestmark = pytest.mark.backend

RULES = alerts.DEPLOY / "rules" / "alerts.yml"


def problem(*parts: tuple[int, float]) -> dict[str, str]:
    return {series("telemetry_export_problem", 'reason="not_found"'): phases(*parts)}


def refunds(status: str, *parts: tuple[int, float | None]) -> dict[str, str]:
    return {series("serene_refunds_total", f'status="{status}"'): phases(*parts)}


def hub(*parts: tuple[int, float]) -> dict[str, str]:
    name = series("gevent_hub_blocked_seconds_total", 'kind="cpu", code="a.py:f"')
    return {name: ramp(*parts)}


@pytest.mark.parametrize(
    ("alert", "extra", "seconds", "expected"),
    [
        ("SpansNotTaken", problem((900, 0)), 600, 0),
        ("SpansNotTaken", problem((60, 0), (840, 1)), 300, 0),
        ("SpansNotTaken", problem((60, 0), (840, 1)), 600, 1),
        ("SpansNotTaken", problem((300, 1), (600, 0)), 600, 0),
        ("RefundFailed", refunds("succeeded", (300, None), (600, 1)), 600, 0),
        ("RefundFailed", refunds("pending", (300, None), (600, 1)), 600, 0),
        ("RefundFailed", refunds("canceled", (300, None), (600, 1)), 600, 1),
        ("RefundFailed", refunds("failed", (3600, 3), (60, 4)), 3630, 1),
        # Prometheus was away: what is there when it returns is from before.
        (
            "RefundFailed",
            refunds("failed", (900, 7))
            | {series("process_start_time_seconds"): phases((900, -1e6))},
            600,
            0,
        ),
        # A block of half a minute is over before it would wake a person.
        ("HubBlocked", hub((120, 0), (30, 1), (750, 0)), 200, 0),
        # Two starts are two roll-outs.
        (
            "WorkerFlapping",
            {series("process_start_time_seconds"): phases((120, 0), (60, 120), (720, 180))},
            400,
            0,
        ),
        # Growth that falls again is no leak.
        (
            "MemoryGrowing",
            {series("process_resident_memory_bytes"): phases((3600, 1e8), (600, 9e8), (2000, 1e8))},
            5500,
            0,
        ),
        # A restarted worker is another process.
        (
            "MemoryGrowing",
            {
                series("process_resident_memory_bytes"): phases((3000, 1e8), (3200, 9e8)),
                series("process_start_time_seconds"): phases((3000, 0), (3200, 3000)),
            },
            6000,
            0,
        ),
        # Two failures of two calls are bad luck.
        (
            "PaymentsFailing",
            {
                series("serene_payments_total", 'operation="pay", result="error"'): phases(
                    (300, 0), (600, 2)
                )
            },
            500,
            0,
        ),
        (
            "KeyTooOld",
            {series("serene_token_key_timestamp_seconds"): phases((900, -86400))},
            600,
            0,
        ),
    ],
)
def test_alert_fires_for_what_it_names_only(
    tmp_path: Path, alert: str, extra: dict[str, str], seconds: int, expected: int
) -> None:
    query = f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)'
    found = promtool.evaluate(
        running(seconds + 300) | extra, [(f"{seconds}s", f"({query})", expected)], tmp_path, RULES
    )
    assert found == ""


EXPECTED_ANNOTATIONS = {
    "summary": "The hub of host/0 of serene (test) is held 50% of the time",
    "board": (
        "/d/serene-runtime?from=now-1h&to=now"
        "&var-environment=test&var-service=serene&var-instance=host%2F0"
    ),
    "runbook": "docs/runbooks/hub-blocked.md",
    "description": (
        "Everything else in this worker waits meanwhile. Most of it: a.py:f; /debug/hub has its "
        "stack and the request."
    ),
}


def test_annotations_name_worker_code_and_board(tmp_path: Path) -> None:
    given = running(600) | hub((120, 0), (480, 0.5))
    labels = {
        "severity": "page",
        "deployment_environment_name": "test",
        "service_name": "serene",
        "service_instance_id": "host/0",
    }
    found = promtool.annotations(
        given,
        "HubBlocked",
        "400s",
        {"labels": labels, "annotations": EXPECTED_ANNOTATIONS},
        tmp_path,
        RULES,
    )
    assert found == ""
