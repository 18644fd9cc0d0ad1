"""No canary of a request that is refused is told: every operation of the app's own document, with
canaries wherever a value goes.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings
from tests.service.instrumented_app import InstrumentedApp
from tests.service.members import bearer
from tests.service.privacy.values import EMAIL, HEADERS, SHAPED, TOKEN, WORD, body_of, leaks

UUID = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
ROLES = ("member", "therapist", "author", "admin")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of each."""
    for path, item in document["paths"].items():
        for method, described in item.items():
            yield method.upper(), path, described


def paths_of(path: str, described: dict[str, Any]) -> list[str]:
    """The path with each canary that has a shape; variables that are UUIDs stay such, or nothing
    would match.
    """
    kinds = {
        one["name"]: one["schema"].get("format")
        for one in described.get("parameters", ())
        if one["in"] == "path"
    }
    if "{" not in path:
        return [path]
    return [
        re.sub(
            r"{(\w+)}", lambda found, each=each: UUID if kinds[found[1]] == "uuid" else each, path
        )
        for each in SHAPED
    ]


def query_of(described: dict[str, Any]) -> dict[str, str]:
    """Every parameter that is known, and three that are not."""
    known = {one["name"]: WORD for one in described.get("parameters", ()) if one["in"] == "query"}
    return known | {"access_token": TOKEN, "q": WORD, EMAIL: WORD}


def bodies_of(described: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """What there is to send: canaries as JSON, cut short, as text, as a form."""
    if "requestBody" not in described:
        return [{}]
    content = body_of(
        described["requestBody"]["content"].get("application/json", {}).get("schema", {}), schemas
    )
    whole = json.dumps(content)
    form = f'--x\r\nContent-Disposition: form-data; name="file"; filename="canary.txt"\r\n\r\n{WORD}\r\n--x--\r\n'
    return [
        {"data": whole, "content_type": "application/json"},
        {"data": whole[:-3], "content_type": "application/json"},
        {"data": WORD, "content_type": "text/plain"},
        {"data": form, "content_type": "multipart/form-data; boundary=x"},
    ]


def requests(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation with every kind of account and every body."""
    tokens = AccessTokens(AccountSettings.from_env({}))
    shown = [{}, *(bearer(tokens.issue(Identity(UUID, role))) for role in ROLES)]
    for method, path, described in operations(document):
        for own in paths_of(path, described):
            for body in bodies_of(described, document["components"]["schemas"]):
                for account in shown:
                    yield (
                        method,
                        own,
                        {"query_string": query_of(described), "headers": HEADERS | account, **body},
                    )


def test_no_canary_of_a_refused_request_is_told(watched: InstrumentedApp):
    sent, failed = 0, []
    for method, path, given in requests(watched.document):
        response = watched.client.open(path, method=method, **given)
        sent += 1
        failed += [(method, path, response.status_code)] if response.status_code >= 500 else []
    told = watched.signals()
    assert failed == []
    assert told["logs"].count('"logger":"access"') == sent + 1 > 500
    assert leaks(told) == []


def test_a_wrong_method_does_not_tell_what_the_right_one_keeps(watched: InstrumentedApp):
    statuses = [
        watched.client.open("/api/v1/blog/drafts/canary-title", method=method).status_code
        for method in ("POST", "OPTIONS", "FOO")
    ]
    told = watched.signals()
    assert statuses == [405, 200, 405]
    assert told["logs"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 3
    assert leaks(told) == []
