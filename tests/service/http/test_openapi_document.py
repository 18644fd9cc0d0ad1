"""The OpenAPI document: valid, complete, and true of what the routes answer."""

import re

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.http.cursors import CURSOR
from service.http.openapi.document import Undescribed, openapi
from service.http.text_fields import LINE
from service.system.documentation import ASSETS
from tests.architecture.sources import ROOT

DOCUMENT = "/api/v1/openapi.json"


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


def test_every_rule_of_the_app_is_in_it(client, document):
    served = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower())
        for rule in client.application.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, item in document["paths"].items() for method in item} == served


def test_an_operation_is_told_whole(document):
    common = {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in ("X-Request-ID", "X-Response-Time", "Server-Timing", "API-Version")
    }
    about = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in {
            "Cache-Control": "Who may keep the answer, and for how long.",
            "Vary": "The headers of the request that the answer depends on.",
            "ETag": "Of the answer as it is now; send it as `If-None-Match` the next time. None when nobody may keep the answer.",
            "RateLimit-Limit": "Requests that are allowed within the window.",
            "RateLimit-Remaining": "Requests that are left of it.",
            "RateLimit-Reset": "Seconds until the window ends or, when none is left, until the next request passes.",
            "RateLimit-Policy": "The group that the route is counted in, its limit and its window in seconds.",
        }.items()
    }
    assert document["paths"]["/api/v1/blog/posts/{slug}"]["get"] == {
        "operationId": "blog_get_post",
        "tags": ["Blog"],
        "summary": "One published post, whole, in Markdown and as HTML.",
        "parameters": [
            {
                "name": "slug",
                "in": "path",
                "required": True,
                "description": "The post's name in URLs.",
                "schema": {"type": "string", "minLength": 1},
            }
        ],
        "responses": {
            "200": {
                "description": "The post.",
                "headers": common
                | about
                | {"ETag": {"description": "Of this revision.", "schema": {"type": "string"}}},
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/WholePost"}}
                },
            },
            "304": {
                "description": "As it was: `If-None-Match` has its ETag.",
                "headers": common | about,
            },
            "404": {"$ref": "#/components/responses/NotFound"},
            "429": {"$ref": "#/components/responses/TooManyRequests"},
            "500": {"$ref": "#/components/responses/InternalServerError"},
            "503": {"$ref": "#/components/responses/ServiceUnavailable"},
        },
    }


def test_parameters_of_a_query_say_what_is_allowed(document):
    parameters = document["paths"]["/api/v1/blog/posts"]["get"]["parameters"]
    word = {"maxLength": 64, "minLength": 1, "type": "string", "pattern": LINE}
    assert {one["name"]: (one["required"], one["schema"]) for one in parameters} == {
        "limit": (False, {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
        "tag": (False, word),
        "category": (False, word),
        "cursor": (False, {"type": "string", "pattern": CURSOR}),
    }


def test_what_can_follow_an_answer_is_told(document):
    assert document["paths"]["/api/v1/auth/register"]["post"]["responses"]["201"]["links"] == {
        "auth_login": {
            "operationId": "auth_login",
            "requestBody": {"email": "$request.body#/email", "password": "$request.body#/password"},
        },
        "roles_set_role": {
            "operationId": "roles_set_role",
            "parameters": {"account_id": "$response.body#/id"},
        },
    }


def test_every_link_leads_to_an_operation_and_its_parameters(document):
    operations = {
        one["operationId"]: one for item in document["paths"].values() for one in item.values()
    }
    links = [
        link
        for one in operations.values()
        for answer in one["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(links) > 40
    for link in links:
        known = {one["name"] for one in operations[link["operationId"]].get("parameters", ())}
        assert set(link.get("parameters", ())) <= known, link


@pytest.mark.parametrize(
    ("path", "operation", "status", "media_type"),
    [
        ("/", "/", 200, "application/json"),
        ("/api/v1/blog/posts", "/api/v1/blog/posts", 200, "application/json"),
        ("/api/v1/blog/posts?limit=0", "/api/v1/blog/posts", 422, "application/problem+json"),
        (
            "/api/v1/blog/posts/naps-without-regret",
            "/api/v1/blog/posts/{slug}",
            404,
            "application/problem+json",
        ),
        ("/api/v1/health", "/api/v1/health", 200, "application/json"),
        ("/api/v1/health/liveness", "/api/v1/health/liveness", 200, "application/json"),
        ("/api/v1/health/readiness", "/api/v1/health/readiness", 200, "application/json"),
    ],
)
def test_an_answer_is_as_its_schema_says(
    client, connected, document, path, operation, status, media_type
):
    response = client.get(path)
    assert (response.status_code, response.content_type) == (status, media_type)

    told = document["paths"][operation]["get"]["responses"][str(status)]
    if "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    # The tests' address is exempt from limits; tests/service/limits/ has those headers.
    assert all(
        name in response.headers
        for name in told["headers"]
        if name != "Link" and not name.startswith("RateLimit-")
    )
    validator = Draft202012Validator(
        told["content"][media_type]["schema"] | {"components": document["components"]}
    )
    assert list(validator.iter_errors(response.get_json(force=True))) == []


def test_a_route_that_says_nothing_of_itself_is_an_error():
    app = Flask("silent", static_folder=None)
    app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(Undescribed, match="/silent: give silent an @operation"):
        openapi(app, "1")


def test_the_page_and_all_that_it_loads_come_from_here(client):
    page = client.get("/api/v1/docs")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page.get_data(as_text=True))
    answers = [client.get(f"/api/v1/{url}") for url in loaded]
    assert [
        (url, found.status_code, found.mimetype) for url, found in zip(loaded, answers, strict=True)
    ] == [
        ("docs/swagger-ui.css", 200, "text/css"),
        ("docs/swagger-ui-bundle.js", 200, "text/javascript"),
        ("docs/start.js", 200, "text/javascript"),
    ]
    assert DOCUMENT in answers[2].get_data(as_text=True)
    assert all(len(found.data) > 100_000 for found in answers[:2])


@pytest.mark.parametrize("name", ["LICENSE", "README.md", "SHA256SUMS", "..", "%2e%2e%2fjson"])
def test_only_what_the_page_needs_is_given(client, name):
    assert name not in ASSETS
    assert client.get(f"/api/v1/docs/{name}").status_code == 404
