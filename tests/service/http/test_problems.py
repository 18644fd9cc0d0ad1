"""Every error is a complete problem, in a small app with routes that fail in each way."""

import pytest
from flask import Flask, request
from pymongo.errors import (
    AutoReconnect,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from werkzeug.exceptions import UnsupportedMediaType

from service.http import problems
from service.http.problems import FieldError, InvalidParameters
from telemetry.requests.record import set_current_record
from tests.telemetry.records import record

DATABASE_ERRORS = (
    AutoReconnect,
    NetworkTimeout,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)


@pytest.fixture
def current():
    """The record of the request, as telemetry's layer sets it."""
    current = record()
    set_current_record(current)
    yield current
    set_current_record(None)


@pytest.fixture
def app():
    app = Flask("errors")
    app.config["MAX_CONTENT_LENGTH"] = 100
    problems.install(app)

    @app.post("/json")
    def take_json():
        return {"got": request.get_json()}

    @app.get("/invalid")
    def invalid():
        raise InvalidParameters(
            [
                FieldError("limit", "should be less than or equal to 100"),
                FieldError("tag", "should be given once"),
            ]
        )

    @app.get("/broken")
    def broken():
        raise KeyError("a secret of ours")

    @app.get("/media")
    def media():
        raise UnsupportedMediaType

    @app.get("/down/<int:which>")
    def down(which):
        raise DATABASE_ERRORS[which]("10.0.0.7:27017: connection refused")

    return app


@pytest.fixture
def client(app, current):
    return app.test_client()


def problem(response):
    assert response.content_type == "application/problem+json"
    return response.status_code, response.get_json(force=True)


def plain(status: int, title: str, detail: str, instance: str) -> tuple[int, dict[str, object]]:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    return status, body | {"request_id": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"}


def test_404_has_the_path_as_a_uri(client):
    detail = (
        "The requested URL was not found on the server. If you entered the URL manually please "
        "check your spelling and try again."
    )
    assert problem(client.get("/nö where/%ff")) == plain(
        404, "Not Found", detail, "/n%C3%B6%20where/%EF%BF%BD"
    )


def test_405_lists_the_allowed_methods(client):
    response = client.delete("/json")
    assert problem(response) == plain(
        405, "Method Not Allowed", "The method is not allowed for the requested URL.", "/json"
    )
    assert sorted(response.headers["Allow"].split(", ")) == ["OPTIONS", "POST"]


def test_422_lists_invalid_fields_and_what_is_allowed(client):
    status, body = plain(422, "Invalid Parameters", "Some parameters cannot be used.", "/invalid")
    expected = body | {
        "type": "urn:serene:problem:invalid-parameters",
        "errors": [
            {"field": "limit", "reason": "should be less than or equal to 100"},
            {"field": "tag", "reason": "should be given once"},
        ],
    }
    assert problem(client.get("/invalid")) == (status, expected)


def test_body_that_is_not_json_is_400(client):
    response = client.post("/json", data="{", content_type="application/json")
    detail = "The browser (or proxy) sent a request that this server could not understand."
    assert problem(response) == plain(400, "Bad Request", detail, "/json")


def test_body_over_the_limit_is_413(client):
    response = client.post("/json", json="x" * 100)
    detail = "The data value transmitted exceeds the capacity limit."
    assert problem(response) == plain(413, "Request Entity Too Large", detail, "/json")


def test_body_of_another_type_is_415(client):
    detail = (
        "Did not attempt to load JSON data because the request Content-Type was not "
        "'application/json'."
    )
    assert problem(client.post("/json", data="{}", content_type="text/plain")) == plain(
        415, "Unsupported Media Type", detail, "/json"
    )


def test_500_has_the_request_id_and_no_internals(client, caplog):
    detail = "Something went wrong on our side. The request id finds what it was."
    assert problem(client.get("/broken")) == plain(500, "Internal Server Error", detail, "/broken")
    assert [(logged.name, logged.exc_info[0]) for logged in caplog.records] == [
        ("errors", KeyError)
    ]


@pytest.mark.parametrize("which", range(len(DATABASE_ERRORS)))
def test_unreachable_database_is_503_and_its_error_type_is_recorded(client, current, which):
    response = client.get(f"/down/{which}")

    status, body = plain(
        503,
        "Database Unavailable",
        "The database cannot be used at the moment; send the request again.",
        f"/down/{which}",
    )
    assert problem(response) == (status, body | {"type": "urn:serene:problem:database-unavailable"})
    assert response.headers["Retry-After"] == "5"
    assert current.error_type == DATABASE_ERRORS[which].__name__


def test_problem_without_telemetry_has_no_request_id(app):
    _, body = plain(415, "Unsupported Media Type", UnsupportedMediaType.description, "/media")
    del body["request_id"]
    assert problem(app.test_client().get("/media")) == (415, body)
