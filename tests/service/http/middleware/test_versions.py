"""Versions in every response, unknown versions as problems, and headers of deprecated routes."""

from datetime import UTC, datetime, timedelta

import pytest

from service.http.middleware.versions import deprecated
from tests.service.http.middleware.app import SINCE


@pytest.mark.parametrize("path", ["/api/v1/posts", "/api/v1/nothing", "/api/v9/posts", "/nothing"])
def test_every_response_has_its_version_and_those_supported(client_of, path):
    response = client_of(API_SUPPORTED_VERSIONS="v1, v2").get(path)
    assert (response.headers["API-Version"], response.headers["API-Supported-Versions"]) == (
        "v1",
        "v1, v2",
    )


def test_refusal_while_stopping_has_the_versions_too(client):
    lifecycle = client.application.extensions["telemetry"].lifecycle
    lifecycle.drain("test")
    lifecycle.stop_accepting()
    response = client.get("/api/v1/posts")
    assert (response.status_code, response.headers["API-Supported-Versions"]) == (503, "v1")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/v9/posts"), ("POST", "/api/v9"), ("GET", "/api/v10/")]
)
def test_unknown_version_is_a_problem_that_lists_those_supported(client, method, path):
    response = client.open(path, method=method)
    version = path.split("/")[2]
    assert (response.status_code, response.content_type) == (404, "application/problem+json")
    assert response.get_json(force=True) == {
        "type": "urn:serene:problem:unknown-api-version",
        "title": "Unknown API Version",
        "status": 404,
        "detail": f"There is no version {version} of this API; there is v1.",
        "instance": path,
        "request_id": response.headers["X-Request-ID"],
        "supported": ["v1"],
    }


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/posts", "/api/v1x/posts", "/nothing/api/v9/posts"]
)
def test_other_unknown_path_is_an_ordinary_404(client, path):
    assert client.get(path).get_json(force=True)["type"] == "about:blank"


def test_deprecated_route_has_deprecation_sunset_and_link(client):
    response = client.get("/api/v1/old")
    names = ("Deprecation", "Sunset", "Link")
    assert [response.headers[name] for name in names] == [
        "@1767323045",
        "Sat, 02 Jan 2027 03:04:05 GMT",
        '<https://serene.example/v2>; rel="deprecation"; type="text/html"',
    ]
    assert not any(name in client.get("/api/v1/posts").headers for name in names)


@pytest.mark.parametrize(
    ("since", "sunset", "reason"),
    [
        (datetime(2026, 1, 1), None, "zone"),
        (SINCE, datetime(2027, 1, 1), "zone"),
        (SINCE, SINCE.astimezone(UTC) - timedelta(seconds=1), "gone before"),
    ],
)
def test_inconsistent_deprecation_times_are_refused(since, sunset, reason):
    with pytest.raises(ValueError, match=reason):
        deprecated(since, sunset=sunset)


def test_versioning_that_is_off_makes_an_unknown_version_a_plain_404(client_of):
    client = client_of(API_VERSIONING="false")
    assert client.get("/api/v9/posts").get_json(force=True)["type"] == "about:blank"
    assert "Deprecation" not in client.get("/api/v1/old").headers
