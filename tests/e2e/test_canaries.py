"""No secret that a client sends is in the service's log, in its traces or on a series."""

import uuid
from typing import Any

import pytest
import requests

from tests.e2e.logs import access_line
from tests.e2e.traces import trace_id_of, wait_for_trace

pytestmark = pytest.mark.e2e

CANARY = f"chirp{uuid.uuid4().hex[:16]}"
"""New in each run, so that a match is of this run."""

EMAIL = f"{CANARY}@serene-mail.com"
PASSWORD = f"{CANARY} password"
AGENT = {"User-Agent": f"agent ({EMAIL})", "Cookie": f"session={CANARY}"}


class RecordingClient:
    """Sends requests to the shared stack and records their ids and statuses."""

    def __init__(self, url: str) -> None:
        self.url, self.headers = f"{url}/api/v1", dict(AGENT)
        self.requests: dict[str, int] = {}

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = self.headers | options.pop("headers", {})
        response = requests.request(method, self.url + path, headers=headers, timeout=60, **options)
        self.requests[response.headers["X-Request-ID"]] = response.status_code
        return response


def send_canaries(client: RecordingClient) -> list[int]:
    """Send the canary to several routes, in valid and invalid requests; returns the statuses."""
    credentials = {"email": EMAIL, "password": PASSWORD, "name": CANARY}
    statuses = [client.call("POST", "/auth/register", json=credentials).status_code]
    del credentials["name"]
    statuses.append(
        client.call("POST", "/auth/login", json=credentials | {"password": CANARY}).status_code
    )
    pair = client.call("POST", "/auth/login", json=credentials).json()
    client.headers["Authorization"] = f"Bearer {pair['access_token']}"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/auth/me?token={CANARY}&q={CANARY}", {}),
        ("POST", "/companion/messages", {"json": {"message": f"hello {CANARY}"}}),
        (
            "POST",
            "/companion/messages",
            {"json": {"message": f"I want to die {CANARY}", "stream": True}},
        ),
        ("POST", "/companion/messages", {"json": {"mood": CANARY}}),
        (
            "POST",
            "/files",
            {
                "data": CANARY.encode(),
                "headers": {"Content-Disposition": f'attachment; filename="{CANARY}.txt"'},
            },
        ),
        ("GET", f"/blog/drafts/{CANARY}", {}),
        ("POST", f"/blog/drafts/{CANARY}", {}),
        ("GET", f"/therapists?cursor_of={CANARY}", {}),
    ]
    return statuses + [
        client.call(method, path, **options).status_code for method, path, options in calls
    ]


def exposed_texts(stack, client: RecordingClient) -> dict[str, str]:
    """Return everything that the requests left behind, by the place where it is kept."""
    log = stack.log_path("service")
    traces = ""
    for request_id, status in client.requests.items():
        spans = wait_for_trace(stack.url("tempo"), trace_id_of(request_id))
        assert any(span.attributes.get("http.response.status_code") == status for span in spans)
        traces += str(spans)
        access_line(log, request_id)
    prometheus = stack.url("prometheus")
    labels = requests.get(f"{prometheus}/api/v1/labels", timeout=60).json()["data"]
    assert "http_route" in labels
    management = f"http://127.0.0.1:{stack.port('service', 'management')}"
    return {
        "traces": traces,
        "log": log.read_text(errors="replace"),
        "series": "".join(
            requests.get(f"{prometheus}/api/v1/label/{label}/values", timeout=60).text
            for label in labels
        ),
        "metrics": requests.get(f"{management}/metrics", timeout=60).text,
    }


def test_no_canary_is_in_the_log_a_trace_or_a_series(stack):
    client = RecordingClient(stack.url("service"))
    assert send_canaries(client) == [202, 401, 200, 200, 200, 422, 201, 403, 405, 200]

    texts = exposed_texts(stack, client)

    assert texts["log"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 2
    secrets = (CANARY, *client.headers["Authorization"].removeprefix("Bearer ").split(".")[1:])
    assert [
        (sink, secret) for sink, text in texts.items() for secret in secrets if secret in text
    ] == []
