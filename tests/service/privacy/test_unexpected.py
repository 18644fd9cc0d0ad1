"""Exceptions that nobody expects may quote what a client sent. Their stacks are logged, and what
the request brought is not in them.
"""

import json
from typing import Any

from flask import request
from werkzeug.http import parse_options_header

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings
from service.http.operation import OPERATION
from service.http.validation import read_body
from tests.service.instrumented_app import InstrumentedApp
from tests.service.privacy.test_refused import operations, paths_of, query_of
from tests.service.privacy.values import HEADERS, WORD, body_of, leaks


class Careless(RuntimeError):
    """Says all that it knows."""


def careless(view: Any) -> Any:
    """A view that reads what the real one reads, and fails with all of it in its text and in its
    cause's.
    """
    described = OPERATION.get(view)

    def failing(**values: Any) -> Any:
        if described and described.body:
            try:
                read_body(described.body)
            except Exception as error:
                quoted = json.loads(request.get_data())
                raise Careless(
                    f"{quoted} {values} {dict(request.args)} {request.cookies}"
                ) from ValueError(str(error), quoted)
        name = parse_options_header(request.headers["Content-Disposition"])[1]
        key, shown = request.headers["Idempotency-Key"], request.headers["Authorization"]
        raise Careless(f"{values} {name} {key} {shown} {request.args.to_dict()}") from ValueError(
            name, values
        )

    return failing


def test_no_exception_tells_what_the_request_brought(watched: InstrumentedApp):
    document = watched.document
    app = watched.client.application
    for endpoint, view in list(app.view_functions.items()):
        failing = careless(view)
        failing.__dict__ |= vars(
            view
        )  # what is said of the view, such as which variables of its path are private
        app.view_functions[endpoint] = failing
    watched.captured.readouterr()
    sent = 0
    for method, path, described in operations(document):
        content = (
            described.get("requestBody", {})
            .get("content", {})
            .get("application/json", {})
            .get("schema", {})
        )
        body = body_of(content, document["components"]["schemas"])
        for own in paths_of(path, described):
            given = {"json": body} if "requestBody" in described else {}
            response = watched.client.open(
                own, method=method, query_string=query_of(described), headers=HEADERS, **given
            )
            assert (
                response.status_code,
                "canary" in response.get_data(as_text=True).partition('"instance"')[0],
            ) == (500, False)
            sent += 1
    told = watched.signals()
    errors = [
        json.loads(line)["exception"] for line in told["logs"].splitlines() if '"exception"' in line
    ]
    assert (len(errors), {error["type"] for error in errors}) == (sent, {"Careless"})
    assert all(
        "in failing" in error["stack"] and "ValueError" in error["stack"] for error in errors
    )
    assert leaks(told) == []


def test_the_path_of_a_draft_is_not_in_the_line_of_its_exception(watched: InstrumentedApp):
    app = watched.client.application
    view = app.view_functions["authoring.get_draft"]
    failing = careless(view)
    failing.__dict__ |= vars(view)
    app.view_functions["authoring.get_draft"] = failing
    response = watched.client.get("/api/v1/blog/drafts/canary-title", headers=HEADERS)
    told = watched.signals()
    line = next(json.loads(line) for line in told["logs"].splitlines() if '"exception"' in line)
    assert (response.status_code, line["message"]) == (
        500,
        "Exception on /api/v1/blog/drafts/REDACTED [GET]",
    )
    assert leaks(told) == []


def test_what_a_background_greenlet_of_a_request_fails_with_is_told_without_it_too(
    watched: InstrumentedApp, monkeypatch
):
    """The body is kept out from when it was read, not from when something fails."""
    seen = []

    def begin(*_: object) -> Any:
        app.logger.error("cannot answer %s", WORD)
        seen.append(True)
        raise Careless(WORD)

    app = watched.client.application
    monkeypatch.setattr("service.companion.turns.TurnFactory.create", begin)
    headers = {"Authorization": f"Bearer {_token()}"}
    assert (
        watched.client.post(
            "/api/v1/companion/messages", json={"message": WORD}, headers=headers
        ).status_code
        == 500
    )
    told = watched.signals()
    assert (seen, told["logs"].count("cannot answer REDACTED")) == ([True], 1)
    assert leaks(told) == []


def _token() -> str:
    return AccessTokens(AccountSettings.from_env({})).issue(
        Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")
    )
