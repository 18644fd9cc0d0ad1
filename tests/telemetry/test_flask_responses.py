"""Responses are those of Flask, with less work."""

import pytest
from flask import Flask, Response, jsonify, make_response
from werkzeug.datastructures import Headers

from telemetry import flask_responses, flask_shortcuts
from telemetry.flask_responses import PreparedResponse
from tests.telemetry.flask_apps import create, environ_of

STATUSES = [100, 200, 201, 204, 206, 301, 304, 404, 500, 599]
HEADERS = [
    {},
    {"X-A": "b"},
    {"Content-Length": "7"},
    {"content-LENGTH": "7", "Location": "/b\xfccher?a=\xe9"},
    {"Location": "//other/a b"},
    {"Content-Location": "/b\xfccher"},
    [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("ETag", '"a"')],
    Headers([("Allow", "GET"), ("Allow", "PUT")]),
]
BODIES = ["text", b"", None, ["a", "b"], (part for part in "ab")]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("headers", HEADERS, ids=str)
@pytest.mark.parametrize("body", BODIES, ids=["text", "bytes", "none", "list", "generator"])
@pytest.mark.parametrize("corrects", [False, True])
def test_headers_are_those_of_flask(status, headers, body, corrects):
    response = PreparedResponse(body, status, headers)
    response.autocorrect_location_header = corrects
    environ = environ_of()
    made = Response.get_wsgi_headers(response, environ)
    prepared = response.get_wsgi_headers(environ)
    assert (prepared.to_wsgi_list(), type(prepared)) == (made.to_wsgi_list(), type(made))


TEXTS = [
    *((text,) for text in ("", "a", "b\xfccher", "\U0001f642")),
    (b"a",),
    (["a"],),
    (None,),
    ("a", None, None, "application/json"),
    ("a", None, None, "text/x-own; charset=latin-1"),
    ("a", None, None, "image/svg+xml"),
    ("a", None, None, None, "text/own"),
    ("a", 404),
    ("a", "299 Own"),
    ("a", None, {"X-A": "b"}),
    ("a", None, None, None, None, True),
]


def parts_of(response):
    """All attributes, with the headers as pairs."""
    return vars(response) | {"headers": response.headers.to_wsgi_list()}


@pytest.mark.parametrize("arguments", TEXTS, ids=str)
def test_response_has_the_attributes_of_flask_s(arguments):
    for _ in range(2):
        prepared, made = PreparedResponse(*arguments), Response(*arguments)
        assert parts_of(prepared) == parts_of(made)
        assert list(vars(prepared)) == list(vars(made))
        assert prepared.get_data() == made.get_data()


def test_lone_surrogate_is_refused_as_by_flask():
    for make in (Response, PreparedResponse):
        with pytest.raises(UnicodeEncodeError):
            make("\ud800")


def test_responses_do_not_share_what_an_app_changes():
    first, second = PreparedResponse("a"), PreparedResponse("a")
    first.headers["X-A"], first.status_code = "b", 404
    first.call_on_close(print)
    first.response.append(b"c")
    assert parts_of(second) == parts_of(Response("a"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("default_mimetype", "text/own"),
        ("default_status", 203),
        ("automatically_set_content_length", False),
    ],
)
def test_default_of_the_class_that_changes_counts_at_once(monkeypatch, name, value):
    before = parts_of(PreparedResponse("a"))
    monkeypatch.setattr(Response, name, value)
    assert parts_of(PreparedResponse("a")) == parts_of(Response("a")) != before


def test_class_made_of_it_has_its_own_defaults():
    class Own(PreparedResponse):
        default_mimetype = "text/own"

    assert Own("a").mimetype == "text/own"


def test_headers_that_are_sent_are_a_copy():
    response = PreparedResponse("a")
    response.get_wsgi_headers(environ_of()).add("X-Added", "b")
    assert "X-Added" not in response.headers


def test_responses_of_every_kind_are_answered_as_by_flask():
    answers = []
    for shortened in (False, True):
        app = create()
        for name, made in {
            "text": lambda: "a",
            "json": lambda: {"a": 1},
            "list": lambda: jsonify([1]),
            "pair": lambda: ("a", 201, {"X-A": "b"}),
            "foreign": lambda: Response("a", 202),
            "stream": lambda: iter(["a", "b"]),
            "moved": lambda: make_response("", 302, {"Location": "/text"}),
            "nothing": lambda: ("", 204),
        }.items():
            app.add_url_rule(f"/{name}", name, made)
        if shortened:
            flask_shortcuts.install(app)
        client = app.test_client()
        answers.append(
            [
                (response.status, response.data, response.headers.to_wsgi_list())
                for rule in app.url_map.iter_rules()
                if rule.endpoint != "static"
                for response in [client.get(rule.rule), client.head(rule.rule)]
            ]
        )
    assert answers[0] == answers[1]


def test_app_with_a_class_of_its_own_for_responses_keeps_it(monkeypatch):
    class Own(Response):
        pass

    app = Flask("shop")
    app.response_class = Own
    flask_shortcuts.install(app)
    assert app.response_class is Own
    other = Flask("shop")
    monkeypatch.setattr(flask_shortcuts, "makes_the_same_responses", lambda: False)
    flask_shortcuts.install(other)
    assert other.response_class is Response


def test_version_with_another_attribute_is_found(monkeypatch):
    init = Response.__init__

    def with_more(self, *arguments, **options):
        init(self, *arguments, **options)
        self.more = object()

    monkeypatch.setattr(Response, "__init__", with_more)
    flask_responses._of_text.cache_clear()
    assert not flask_responses.makes_the_same_responses()
    flask_responses._of_text.cache_clear()


def test_version_with_other_headers_is_found(monkeypatch):
    assert flask_responses.makes_the_same_responses()
    monkeypatch.setattr(
        Response, "get_wsgi_headers", lambda self, environ: Headers([*self.headers, ("X-New", "a")])
    )
    assert not flask_responses.makes_the_same_responses()
