"""Cases of the alerts on causes in a service; samples are five seconds apart."""

from typing import Final

from tests.dashboards.alerts.timeline import Case, phases, ramp, running, series

MB: Final = 2**20
DB: Final = 'db_operation_name="find", db_collection_name="posts"'
POOL: Final = 'db_client_connection_pool_name="mongodb:27017"'


def operations(slow: tuple[tuple[int, float], ...], seconds: int) -> dict[str, str]:
    """Commands, one a second; those that are slow take between 0.25 s and 0.5 s."""
    fast = tuple((length, 1 - rate) for length, rate in slow)
    name = "db_client_operation_duration_seconds"
    return {
        series(f"{name}_bucket", f'{DB}, le="0.1"'): ramp(*fast),
        series(f"{name}_bucket", f'{DB}, le="0.25"'): ramp(*fast),
        series(f"{name}_bucket", f'{DB}, le="0.5"'): ramp((seconds, 1)),
        series(f"{name}_bucket", f'{DB}, le="+Inf"'): ramp((seconds, 1)),
        series(f"{name}_count", DB): ramp((seconds, 1)),
    }


def pool(name: str, value: str, labels: str = "") -> dict[str, str]:
    return {series(f"db_client_connection_{name}", f"{POOL}{labels}"): value}


def phase_seconds(name: str, values: str) -> dict[str, str]:
    labels = f'http_route="/api/v1/blog/posts", phase="{name}"'
    return {series("http_server_request_phase_seconds_total", labels): values}


DATABASE: Final = (
    Case(
        "DatabaseUnavailable",
        "page",
        running(300)
        | {
            series("mongodb_up", "", slot): phases((120, 1), (60, 0), (120, 1)) for slot in range(2)
        },
        quiet=115,
        fires=150,
        resolved=200,
    ),
    Case(
        "EvidenceStale",
        "ticket",
        running(420)
        | {
            series("mongodb_evidence_timestamp_seconds"): (
                f"{ramp((120, 1))} {phases((150, 115))} {ramp((150, 1), begin=270)}"
            )
        },
        quiet=130,
        fires=230,
        resolved=300,
        labels={"service_instance_id": "host/0"},
    ),
    Case(
        "DatabaseSlow",
        "ticket",
        running(960) | operations(((120, 0), (300, 1), (540, 0)), 960),
        quiet=115,
        fires=320,
        resolved=900,
    ),
    Case(
        "DatabasePoolNearExhaustion",
        "ticket",
        running(600)
        | pool(
            "count",
            phases((120, 2), (240, 10), (240, 2)),
            ', db_client_connection_state="used"',
        )
        | pool("max", phases((600, 10))),
        quiet=150,
        fires=300,
        resolved=450,
        labels={"service_instance_id": "host/0"},
    ),
    Case(
        "DatabasePoolWaiters",
        "ticket",
        running(600) | pool("pending_requests", phases((120, 0), (120, 20), (360, 0))),
        quiet=120,
        fires=200,
        resolved=350,
    ),
    # Its first time-out.
    Case(
        "DatabasePoolWaiters",
        "ticket",
        running(600) | pool("timeouts_total", phases((120, None), (480, 1))),
        quiet=120,
        fires=180,
        resolved=500,
        labels={"db_client_connection_pool_name": "mongodb:27017"},
    ),
)

HUB: Final = (
    Case(
        "HubBlocked",
        "page",
        running(600)
        | {
            series("gevent_hub_blocked_seconds_total", 'kind="cpu", code="a.py:f"'): ramp(
                (120, 0), (180, 0.5), (300, 0)
            )
        },
        quiet=130,
        fires=250,
        resolved=400,
        labels={"service_instance_id": "host/0"},
    ),
    Case(
        "HubBlocked",
        "ticket",
        running(1500)
        | {
            series("gevent_hub_blocked_seconds_total", 'kind="cpu", code="a.py:f"'): ramp(
                (120, 0), (780, 0.1), (600, 0)
            )
        },
        quiet=300,
        fires=700,
        resolved=1300,
        without=('HubBlocked", severity="page',),
    ),
    Case(
        "HubWaitHigh",
        "ticket",
        running(1300)
        | phase_seconds("hub_wait", ramp((120, 0.01), (480, 1), (700, 0.01)))
        | phase_seconds("db", ramp((1300, 0.5))),
        quiet=115,
        fires=500,
        resolved=1200,
    ),
)

WORKER: Final = (
    # Rules 60 times as fast: an hour is a minute.
    Case(
        "MemoryGrowing",
        "ticket",
        running(400, step=1)
        | {
            series("process_resident_memory_bytes"): " ".join(
                (
                    phases((120, 100 * MB), step=1),
                    ramp((100, 1.5 * MB), begin=100 * MB, step=1),
                    phases((180, 250 * MB), step=1),
                )
            )
        },
        quiet=119,
        fires=210,
        resolved=350,
        scale=60,
    ),
    Case(
        "WorkerFlapping",
        "ticket",
        running(1500)
        | {
            series("process_start_time_seconds"): phases(
                (120, 0), (30, 120), (30, 150), (1320, 180)
            )
        },
        quiet=170,
        fires=190,
        resolved=1300,
    ),
    Case(
        "DrainOverdue",
        "ticket",
        running(300)
        | {series("service_drain_seconds"): f"{phases((100, 0))} {ramp((60, 1))} stale _x27"},
        quiet=120,
        fires=145,
        resolved=170,
    ),
    Case(
        "ClockSkew",
        "ticket",
        running(400)
        | {
            series("process_clock_timestamp_seconds"): " ".join(
                (ramp((120, 1)), ramp((120, 1), begin=140), ramp((160, 1), begin=240))
            )
        },
        quiet=115,
        fires=200,
        resolved=260,
    ),
    Case(
        "SlowClients",
        "ticket",
        running(500)
        | {
            series("http_server_slow_clients_total", 'reason="head"'): ramp(
                (120, 0), (180, 5), (200, 0)
            )
        },
        quiet=130,
        fires=260,
        resolved=400,
    ),
    Case(
        "RequestsRefused",
        "ticket",
        running(500)
        | {
            series("http_server_refused_connections_total", 'reason="worker"'): ramp(
                (120, 0), (180, 5), (200, 0)
            )
        },
        quiet=130,
        fires=260,
        resolved=400,
        labels={"reason": "worker"},
    ),
)

CASES: Final = (*DATABASE, *HUB, *WORKER)
