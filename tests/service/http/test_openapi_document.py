"""The OpenAPI document: valid, complete, and consistent with the responses of the routes."""

import re
from uuid import UUID

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.http.cursors import CURSOR
from service.http.openapi.document import UndescribedRoute, openapi
from service.http.openapi.links import Link
from service.http.openapi.patterns import portable
from service.http.operation import OPERATION, ResponseSpec, operation
from service.http.pagination import PageQuery
from service.http.text_fields import LINE, Word
from service.system.documentation import ASSETS
from tests.architecture.sources import ROOT

DOCUMENT = "/api/v1/openapi.json"
ROOT_DESCRIPTION = (
    "Returns HTML or JSON by the `Accept` header, with links and all routes; JSON when it "
    "allows\nneither."
)


@pytest.fixture
def document(client):
    return client.get(DOCUMENT).get_json()


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_licence_is_the_one_in_the_repository(document):
    assert document["info"]["license"] == {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
    first_words = (ROOT / "LICENSE").read_text().split()
    assert first_words[:4] == ["Apache", "License", "Version", "2.0,"]


def test_every_rule_of_the_app_is_in_the_document(client, document):
    served = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, item in document["paths"].items() for method in item} == served


COMMON = {
    name: {"$ref": f"#/components/headers/{name}"}
    for name in ("X-Request-ID", "X-Response-Time", "Server-Timing", "API-Version")
}
"""Headers of every response."""


def test_operation_is_described_completely(document):
    added = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in {
            "Cache-Control": "Who may store the response, and for how long.",
            "Vary": "Request headers that the response depends on.",
            "ETag": (
                "Version of the response, for `If-None-Match` of the next request; absent when the "
                "response must not be stored."
            ),
            "RateLimit-Limit": "Maximum number of requests within the window.",
            "RateLimit-Remaining": "Remaining requests.",
            "RateLimit-Reset": (
                "Seconds until the window ends or, when no request remains, until the next one is "
                "accepted."
            ),
            "RateLimit-Policy": "Group of the route, its limit and its window in seconds.",
        }.items()
    }
    assert document["paths"]["/"]["get"] == {
        "operationId": "root_root",
        "tags": ["Root"],
        "summary": "Describe the service",
        "description": ROOT_DESCRIPTION,
        "responses": {
            "200": {
                "description": "The description.",
                "headers": COMMON
                | added
                | {"Vary": {"description": "Accept.", "schema": {"type": "string"}}},
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Description"}},
                    "text/html": {"schema": {"type": "string"}},
                },
            },
            "304": {
                "description": "Not modified since the response whose ETag `If-None-Match` has.",
                "headers": COMMON | added,
            },
            "400": {"$ref": "#/components/responses/BadRequest"},
            "412": {"$ref": "#/components/responses/PreconditionFailed"},
            "417": {"$ref": "#/components/responses/ExpectationFailed"},
            "429": {"$ref": "#/components/responses/TooManyRequests"},
            "500": {"$ref": "#/components/responses/InternalServerError"},
            "503": {"$ref": "#/components/responses/ServiceUnavailable"},
        },
    }


def test_path_parameter_and_problems_of_an_operation_are_described(document):
    operation = document["paths"]["/api/v1/docs/{name}"]["get"]
    assert operation["parameters"] == [
        {
            "name": "name",
            "in": "path",
            "required": True,
            "description": "Name of the file.",
            "schema": {"type": "string", "minLength": 1},
        }
    ]
    assert operation["responses"]["404"] == {"$ref": "#/components/responses/NotFound"}


def test_query_parameters_have_their_constraints():
    app = Flask("query", static_folder=None)

    class Query(PageQuery):
        tag: Word | None = None

    @app.get("/list")
    @operation("Tag", {200: ResponseSpec("OK.")}, query=Query)
    def entries(query: Query) -> str:
        """List entries."""
        return ""

    parameters = openapi(app, "1")["paths"]["/list"]["get"]["parameters"]
    word = {"maxLength": 64, "minLength": 1, "type": "string", "pattern": portable(LINE)}
    assert {one["name"]: (one["required"], one["schema"]) for one in parameters} == {
        "limit": (False, {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        "tag": (False, word),
        "cursor": (False, {"type": "string", "pattern": CURSOR}),
    }


def test_response_links_to_the_operations_that_can_follow(document):
    assert document["paths"]["/api/v1/auth/register"]["post"]["responses"]["202"]["links"] == {
        "auth_login": {
            "operationId": "auth_login",
            "requestBody": {"email": "$request.body#/email", "password": "$request.body#/password"},
        },
    }


def test_every_link_has_an_operation_and_its_parameters(document):
    operations = {
        one["operationId"]: one for item in document["paths"].values() for one in item.values()
    }
    links = [
        link
        for one in operations.values()
        for response in one["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) > 30
    for link in links:
        parameters = {one["name"] for one in operations[link["operationId"]].get("parameters", ())}
        assert set(link.get("parameters", ())) <= parameters, link


def test_every_declared_link_target_exists_in_the_full_app(client):
    views = client.application.view_functions
    targets = {
        link.endpoint
        for view in views.values()
        for response in OPERATION.get(view).responses.values()
        for link in response.links
    }
    assert len(targets) > 10
    assert targets - set(views) == set()


def test_link_to_an_operation_that_the_app_does_not_have_is_left_out():
    app = Flask("links", static_folder=None)
    links = (Link("known", {"id": "$response.body#/id"}), Link("removed.room"))

    @app.get("/known")
    @operation(
        "Tag", {200: ResponseSpec("OK.", links=links), 204: ResponseSpec("", links=links[1:])}
    )
    def known() -> str:
        """Known."""
        return ""

    responses = openapi(app, "1")["paths"]["/known"]["get"]["responses"]
    assert responses["200"]["links"] == {
        "known": {"operationId": "known", "parameters": {"id": "$response.body#/id"}}
    }
    assert "links" not in responses["204"]


@pytest.mark.parametrize(
    ("path", "path_template", "status", "media_type"),
    [
        ("/", "/", 200, "application/json"),
        ("/api/v1/therapists", "/api/v1/therapists", 200, "application/json"),
        ("/api/v1/therapists?limit=0", "/api/v1/therapists", 422, "application/problem+json"),
        (
            f"/api/v1/therapists/{UUID(int=0)}",
            "/api/v1/therapists/{therapist_id}",
            404,
            "application/problem+json",
        ),
        ("/api/v1/health", "/api/v1/health", 200, "application/json"),
        ("/api/v1/health/liveness", "/api/v1/health/liveness", 200, "application/json"),
        ("/api/v1/health/readiness", "/api/v1/health/readiness", 200, "application/json"),
    ],
)
def test_response_matches_its_schema(
    client, connected, document, path, path_template, status, media_type
):
    response = client.get(path)
    assert (response.status_code, response.content_type) == (status, media_type)

    documented = document["paths"][path_template]["get"]["responses"][str(status)]
    if "$ref" in documented:
        documented = document["components"]["responses"][documented["$ref"].rpartition("/")[2]]
    # The tests' address is exempt from limits; tests/service/rate_limits/ has those headers.
    assert all(
        name in response.headers
        for name in documented["headers"]
        if name != "Link" and not name.startswith("RateLimit-")
    )
    validator = Draft202012Validator(
        documented["content"][media_type]["schema"] | {"components": document["components"]}
    )
    assert list(validator.iter_errors(response.get_json(force=True))) == []


def test_route_without_operation_is_an_error():
    app = Flask("silent", static_folder=None)
    app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(UndescribedRoute, match="/silent: give silent an @operation"):
        openapi(app, "1")


def test_documentation_page_loads_only_assets_of_the_service(client):
    page = client.get("/api/v1/docs")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page.get_data(as_text=True))
    responses = [client.get(f"/api/v1/{url}") for url in loaded]
    assert [
        (url, found.status_code, found.mimetype)
        for url, found in zip(loaded, responses, strict=True)
    ] == [
        ("docs/swagger-ui.css", 200, "text/css"),
        ("docs/swagger-ui-bundle.js", 200, "text/javascript"),
        ("docs/start.js", 200, "text/javascript"),
    ]
    assert DOCUMENT in responses[2].get_data(as_text=True)
    assert all(len(found.data) > 100_000 for found in responses[:2])


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "SHA256SUMS", "..", "%2e%2e%2fjson"])
def test_other_files_of_the_asset_folder_are_not_served(client, name):
    assert name not in ASSETS
    assert client.get(f"/api/v1/docs/{name}").status_code == 404
