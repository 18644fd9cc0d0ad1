"""What comes in as JSON: media type, charset, and bodies that readers disagree about."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import Field

from service.http import middleware, problems
from service.http.operation import ResponseSpec, operation
from service.http.responses import Model
from service.http.settings import HttpSettings


class Entry(Model):
    text: str
    count: int = 0
    of: dict[str, list[str]] = Field(default_factory=dict)


@pytest.fixture
def client() -> FlaskClient:
    """A client of an app with one route that takes JSON and one that returns it."""
    app = Flask("json", static_folder=None)
    problems.install(app)
    middleware.install(app, HttpSettings.from_env({}), ["v1"])

    @app.route("/notes", methods=["POST", "PATCH"])
    @operation("Entries", {200: ResponseSpec("The entry.", Entry)}, body=Entry)
    def take(body: Entry) -> str:
        return body.text

    @app.delete("/notes")
    @operation("Entries", {204: ResponseSpec("Deleted.", media_types=())})
    def delete() -> tuple[str, int]:
        return "", 204

    return app.test_client()


GOOD = b'{"text": "calm"}'


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ('application/json; charset="utf-8"', 200),
        ('application/json; Charset="UTF-8"', 200),
        ("application/json; charset='utf-8'", 200),
        ("application/json; charset=utf8", 200),
        ("application/json;", 200),
        ("application/json ; version=1", 200),
        ("application/json; charset", 200),
        ("application/vnd.serene+json", 200),
        ("application/merge-patch+json", 200),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=iso-8859-1", 415),
        ("application/json; charset=utf-16", 415),
        ("application/json; charset=utf-7", 415),
        ("application/json; charset=nonsense", 415),
        ("application/json, text/plain", 415),
        ("application/jsonp", 415),
        ("text/json", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("json", 415),
        ("", 415),
        (None, 415),
    ],
)
def test_media_type_of_a_body(client, content_type, status):
    response = client.post("/notes", data=GOOD, content_type=content_type)
    assert response.status_code == status
    if status == 415:
        assert response.content_type == "application/problem+json"
        assert response.headers["Accept"] == "application/json"


def test_refused_patch_names_the_media_type_of_patches(client):
    response = client.patch("/notes", data=GOOD, content_type="text/plain")
    assert (response.status_code, response.headers["Accept-Patch"]) == (415, "application/json")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (GOOD, 200),
        (b"\xef\xbb\xbf" + GOOD, 200),
        (b" \r\n\t" + GOOD + b"\n", 200),
        (b'{"text": "\\u0000"}', 200),
        (b'{"text": "\\ud83d\\ude00"}', 200),
        (b'{"text": "x", "of": {"a": [], "b": []}}', 200),
        (b"", 400),
        (b" ", 400),
        (b"\xef\xbb\xbf", 400),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, 400),
        (b"{", 400),
        (b"{}}", 400),
        (b"{'text': 'x'}", 400),
        (b'{"text": "x",}', 400),
        (b'{"text": "x"} // x', 400),
        (b'{"text": "x"}{"text": "x"}', 400),
        (b'{"text": "\xff"}', 400),
        (b'{"text": "\xed\xa0\x80"}', 400),
        (b'{"text": "\xc0\xaf"}', 400),
        (b'{"text": "\\ud800"}', 400),
        (b'{"text": "\\udc00\\ud800"}', 400),
        (b'{"text": "a\x00b"}', 400),
        (b'{"text": "a\nb"}', 400),
        (GOOD.decode().encode("utf-16"), 400),
        (GOOD.decode().encode("utf-16-le"), 400),
        (GOOD.decode().encode("utf-32"), 400),
        (b'{"text": "x", "text": "y"}', 400),
        (b'{"text": "x", "te\\u0078t": "y"}', 400),
        (b'{"text": "x", "of": {"a": [], "a": []}}', 400),
        (b'{"text": "x", "no": 1, "no": 2}', 400),
        (b'{"text": "x", "count": NaN}', 400),
        (b'{"text": "x", "count": Infinity}', 400),
        (b'{"text": "x", "count": -Infinity}', 400),
        (b'{"text": "x", "count": 01}', 400),
        (b'{"text": "x", "count": +1}', 400),
        (b'{"text": "x", "count": .5}', 400),
        (b'{"text": "x", "count": 0x1}', 400),
        (b"[" * 100_000, 400),
        (b'{"of":' * 50_000, 400),
        (b"[" * 10_000 + b"]" * 10_000, 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b"1", 422),
        (b"[" * 150 + b"]" * 150, 422),
        (b'{"text": null}', 422),
        (b'{"text": "x", "count": 1e400}', 422),
        (b'{"text": "x", "count": 1.5}', 422),
        (b'{"text": "x", "count": ' + b"9" * 5000 + b"}", 400),
        (b'{"text": "x", "no": ' + b"9" * 50_000 + b"}", 400),
        (b'{"text": "x", "count": ' + b"9" * 4000 + b"}", 200),
        (b'{"text": "x", "no": 1}', 422),
    ],
)
def test_body_is_json_as_every_reader_understands_it(client, body, status):
    response = client.post("/notes", data=body, content_type="application/json")
    assert response.status_code == status
    if status != 200:
        assert response.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("", 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("application/json; charset=utf-8", 200),
        ("nonsense;;;=", 200),
        ("application/xml", 406),
        ("application/problem+json", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
        ("text/html, image/*;q=0.8", 406),
    ],
)
def test_accept_that_cannot_be_met_is_a_problem(client, accept, status):
    headers = {"Accept": accept} if accept is not None else {}
    response = client.post("/notes", data=GOOD, content_type="application/json", headers=headers)
    assert response.status_code == status
    if status == 406:
        assert response.content_type == "application/problem+json"


def test_accept_does_not_count_for_a_response_without_a_body(client):
    assert client.delete("/notes", headers={"Accept": "application/xml"}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": '"x"'}, 412),
        ({"If-Match": "nonsense"}, 412),
        ({"If-Match": "*"}, 204),
        ({"If-None-Match": '"x"'}, 204),
        ({"If-Unmodified-Since": "Fri, 02 Jan 2026 03:04:05 GMT"}, 204),
    ],
)
def test_write_for_a_version_is_refused_where_nothing_has_versions(client, headers, status):
    assert client.delete("/notes", headers=headers).status_code == status
