"""Refused requests leak no canary: every operation, with canaries in every value."""

import json
import re
from collections.abc import Iterator
from typing import Any

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.settings import AccountSettings
from tests.service.instrumented_app import InstrumentedApp
from tests.service.members import bearer
from tests.service.privacy.canaries import EMAIL, HEADERS, SHAPED, TOKEN, WORD, body_of, leaks

UUID = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
UNHEALTHY = ("/api/v1/health", "/api/v1/health/readiness")
"""503: the background check of the database is off here."""
ROLES = ("member", "therapist", "author", "admin")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and Operation Object of each operation."""
    for path, item in document["paths"].items():
        for method, described in item.items():
            yield method.upper(), path, described


def paths_of(path: str, described: dict[str, Any]) -> list[str]:
    """Return the path with each shaped canary; UUID variables stay UUIDs, so that routes match."""
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
    """Return every known parameter and three unknown ones."""
    known = {one["name"]: WORD for one in described.get("parameters", ()) if one["in"] == "query"}
    return known | {"access_token": TOKEN, "q": WORD, EMAIL: WORD}


def bodies_of(described: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return bodies of canaries: JSON, truncated JSON, text, and a form."""
    if "requestBody" not in described:
        return [{}]
    content = body_of(
        described["requestBody"]["content"].get("application/json", {}).get("schema", {}), schemas
    )
    whole = json.dumps(content)
    head = 'Content-Disposition: form-data; name="file"; filename="canary.txt"'
    form = f"--x\r\n{head}\r\n\r\n{WORD}\r\n--x--\r\n"
    return [
        {"data": whole, "content_type": "application/json"},
        {"data": whole[:-3], "content_type": "application/json"},
        {"data": WORD, "content_type": "text/plain"},
        {"data": form, "content_type": "multipart/form-data; boundary=x"},
    ]


def requests(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield every operation with every kind of account and every body."""
    tokens = AccessTokens(AccountSettings.from_env({}))
    accounts = [{}, *(bearer(tokens.issue(Identity(UUID, role))) for role in ROLES)]
    for method, path, described in operations(document):
        for own in paths_of(path, described):
            for body in bodies_of(described, document["components"]["schemas"]):
                for account in accounts:
                    yield (
                        method,
                        own,
                        {"query_string": query_of(described), "headers": HEADERS | account, **body},
                    )


def test_refused_request_leaks_no_canary(instrumented: InstrumentedApp):
    sent, failed = 0, []
    for method, path, given in requests(instrumented.document):
        response = instrumented.client.open(path, method=method, **given)
        sent += 1
        if response.status_code >= 500 and path not in UNHEALTHY:
            failed.append((method, path, response.status_code))
    signals = instrumented.signals()
    assert failed == []
    assert signals["logs"].count('"logger":"access"') == sent + 1 > 500
    assert leaks(signals) == []
