"""From the outside, once: nothing secret that a client sends is in the service's log, in its traces
or on a series.
"""

import uuid
from typing import Any

import pytest
import requests

from tests.e2e.observing import log_lines, trace, wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

WORD = f"chirp{uuid.uuid4().hex[:16]}"
"""Of this run, so that what is found is its own."""

EMAIL = f"{WORD}@serene-mail.com"
PASSWORD = f"{WORD} password"
AGENT = {"User-Agent": f"agent ({EMAIL})", "Cookie": f"session={WORD}"}


class Caller:
    """Calls the shared stack, and notes each trace."""

    def __init__(self, url: str) -> None:
        self.url, self.headers = f"{url}/api/v1", dict(AGENT)
        self.requests: dict[str, int] = {}

    def call(self, method: str, path: str, **given: Any) -> Any:
        headers = self.headers | given.pop("headers", {})
        response = requests.request(method, self.url + path, headers=headers, timeout=60, **given)
        self.requests[response.headers["X-Request-ID"]] = response.status_code
        return response


def journey(caller: Caller) -> list[int]:
    """A handful of routes, well and not."""
    person = {"email": EMAIL, "password": PASSWORD, "name": WORD}
    statuses = [caller.call("POST", "/auth/register", json=person).status_code]
    del person["name"]
    statuses.append(
        caller.call("POST", "/auth/login", json=person | {"password": WORD}).status_code
    )
    pair = caller.call("POST", "/auth/login", json=person).json()
    caller.headers["Authorization"] = f"Bearer {pair['access_token']}"
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", f"/auth/me?token={WORD}&q={WORD}", {}),
        ("POST", "/companion/messages", {"json": {"message": f"hello {WORD}"}}),
        (
            "POST",
            "/companion/messages",
            {"json": {"message": f"I want to die {WORD}", "stream": True}},
        ),
        ("POST", "/companion/messages", {"json": {"mood": WORD}}),
        (
            "POST",
            "/files",
            {
                "data": WORD.encode(),
                "headers": {"Content-Disposition": f'attachment; filename="{WORD}.txt"'},
            },
        ),
        ("GET", f"/blog/drafts/{WORD}", {}),
        ("POST", f"/blog/drafts/{WORD}", {}),
        ("GET", f"/therapists?cursor_of={WORD}", {}),
    ]
    return statuses + [
        caller.call(method, path, **given).status_code for method, path, given in calls
    ]


def test_no_canary_is_in_the_log_a_trace_or_a_series(stack):
    caller = Caller(stack.url("service"))
    assert journey(caller) == [201, 401, 200, 200, 200, 422, 201, 403, 405, 200]

    log = stack.log_path("service")
    told = {"traces": "", "log": "", "series": "", "metrics": ""}
    for request_id, status in caller.requests.items():
        spans = trace(stack.url("tempo"), uuid.UUID(request_id).hex)
        assert any(span.attributes.get("http.response.status_code") == status for span in spans)
        told["traces"] += str(spans)
        wait_for(
            lambda request_id=request_id: log_lines(log, request_id=request_id, logger="access"),
            PATIENCE_SECONDS,
            "the log line",
        )
    told["log"] = log.read_text(errors="replace")
    prometheus = stack.url("prometheus")
    labels = requests.get(f"{prometheus}/api/v1/labels", timeout=60).json()["data"]
    assert "http_route" in labels
    told["series"] = "".join(
        requests.get(f"{prometheus}/api/v1/label/{label}/values", timeout=60).text
        for label in labels
    )
    told["metrics"] = requests.get(
        f"http://127.0.0.1:{stack.port('service', 'management')}/metrics", timeout=60
    ).text

    assert told["log"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 2
    secrets = (WORD, *caller.headers["Authorization"].removeprefix("Bearer ").split(".")[1:])
    assert [
        (sink, secret) for sink, text in told.items() for secret in secrets if secret in text
    ] == []
