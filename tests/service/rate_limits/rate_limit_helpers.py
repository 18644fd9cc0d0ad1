"""Requests, headers and metrics that the tests of rate limits share."""

from typing import Any

from flask.testing import FlaskClient

READ_PATH = "/"
"""A route of the group ``read`` that needs no account."""
LOGIN = "/api/v1/auth/login"
HEADERS = (
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
    "Retry-After",
)


def limit_headers(response: Any) -> dict[str, str]:
    """Return the rate limit headers of a response."""
    return {name: response.headers[name] for name in HEADERS if name in response.headers}


def from_address(address: str) -> dict[str, str]:
    """Return the header of a request that a trusted proxy forwards."""
    return {"X-Forwarded-For": address}


def counted(client: FlaskClient, name: str) -> dict[str, float]:
    """Return a counter's values that are not zero, by label."""
    telemetry = client.application.extensions["telemetry"]
    samples = [
        one
        for family in telemetry.registry.restricted_registry([name]).collect()
        for one in family.samples
        if one.name == name
    ]
    return {"".join(one.labels.values()): one.value for one in samples if one.value}


def health_part(client: FlaskClient) -> dict[str, Any]:
    """Return the part ``rate_limits`` of the health report, without its age."""
    services = client.get("/api/v1/health").get_json()["services"]
    return {name: value for name, value in services["rate_limits"].items() if name != "ageSeconds"}
