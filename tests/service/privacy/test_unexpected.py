"""Uncaught exceptions that quote their request: the stack is logged, the quoted values are not."""

import json
from typing import Any

from flask import request
from werkzeug.http import parse_options_header

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings
from service.http.operation import OPERATION
from service.http.validation import read_body
from tests.service.instrumented_app import InstrumentedApp
from tests.service.privacy.canaries import HEADERS, WORD, body_of, leaks
from tests.service.privacy.test_refused import operations, paths_of, query_of


class Careless(RuntimeError):
    """An error whose message repeats the request."""


def careless(view: Any) -> Any:
    """Return a view that reads its request and fails with all of it in the error and its cause."""
    operation = OPERATION.get(view)

    def failing(**values: Any) -> Any:
        if operation and operation.body:
            try:
                read_body(operation.body)
            except Exception as error:
                quoted = json.loads(request.get_data())
                raise Careless(
                    f"{quoted} {values} {dict(request.args)} {request.cookies}"
                ) from ValueError(str(error), quoted)
        name = parse_options_header(request.headers["Content-Disposition"])[1]
        key, token = request.headers["Idempotency-Key"], request.headers["Authorization"]
        raise Careless(f"{values} {name} {key} {token} {request.args.to_dict()}") from ValueError(
            name, values
        )

    failing.__dict__ |= vars(view)  # its options, such as the private variables of its path
    return failing


def test_exception_leaks_no_canary_of_its_request(instrumented: InstrumentedApp):
    document = instrumented.document
    app = instrumented.client.application
    for endpoint, view in list(app.view_functions.items()):
        app.view_functions[endpoint] = careless(view)
    instrumented.captured.readouterr()
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
            response = instrumented.client.open(
                own, method=method, query_string=query_of(described), headers=HEADERS, **given
            )
            assert (
                response.status_code,
                "canary" in response.get_data(as_text=True).partition('"instance"')[0],
            ) == (500, False)
            sent += 1
    signals = instrumented.signals()
    errors = [
        json.loads(line)["exception"]
        for line in signals["logs"].splitlines()
        if '"exception"' in line
    ]
    assert (len(errors), {error["type"] for error in errors}) == (sent, {"Careless"})
    assert all(
        "in failing" in error["stack"] and "ValueError" in error["stack"] for error in errors
    )
    assert leaks(signals) == []


def test_log_lines_before_the_failure_are_redacted_too(instrumented: InstrumentedApp, monkeypatch):
    """The body is redacted from when it is read, not from when the request fails."""
    seen = []

    def begin(*_: object) -> Any:
        app.logger.error("cannot answer %s", WORD)
        seen.append(True)
        raise Careless(WORD)

    app = instrumented.client.application
    monkeypatch.setattr("service.companion.turns.TurnFactory.create", begin)
    headers = {"Authorization": f"Bearer {_token()}"}
    assert (
        instrumented.client.post(
            "/api/v1/companion/messages", json={"message": WORD}, headers=headers
        ).status_code
        == 500
    )
    signals = instrumented.signals()
    assert (seen, signals["logs"].count("cannot answer REDACTED")) == ([True], 1)
    assert leaks(signals) == []


def _token() -> str:
    return AccessTokens(AccountSettings.from_env({})).issue(
        Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")
    )
