"""The members with which every verdict begins, and the instant of the tests' clock."""

from typing import Any

NOON = 1_795_435_200.0


def head(
    status: str,
    *,
    success: bool,
    state: str = "ready",
    uptime: float = 0.0,
    timestamp: str = "2026-11-23T12:00:00.000Z",
) -> dict[str, Any]:
    return {
        "success": success,
        "status": status,
        "state": state,
        "timestamp": timestamp,
        "uptime": uptime,
    }
