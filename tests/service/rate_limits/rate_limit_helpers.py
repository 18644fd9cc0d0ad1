"""What tests of rate limits look at."""

from typing import Any

from flask.testing import FlaskClient

POSTS = "/api/v1/blog/posts"
LOGIN = "/api/v1/auth/login"
TOLD = (
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "RateLimit-Policy",
    "Retry-After",
)


def told(response: Any) -> dict[str, str]:
    """What an answer says of limits."""
    return {name: response.headers[name] for name in TOLD if name in response.headers}


def from_address(address: str) -> dict[str, str]:
    """Headers of a request that a trusted proxy passes on."""
    return {"X-Forwarded-For": address}


def counted(client: FlaskClient, name: str) -> dict[str, float]:
    """A counter's values that are not zero, by label."""
    telemetry = client.application.extensions["telemetry"]
    samples = [
        one
        for family in telemetry.registry.restricted_registry([name]).collect()
        for one in family.samples
        if one.name == name
    ]
    return {"".join(one.labels.values()): one.value for one in samples if one.value}


def part(client: FlaskClient) -> dict[str, Any]:
    """What health says of rate limits, without the age."""
    services = client.get("/api/v1/health").get_json()["services"]
    return {name: value for name, value in services["rate_limits"].items() if name != "ageSeconds"}
