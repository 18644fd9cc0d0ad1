"""Requests, signals and JSON are those of Flask, with less work."""

import datetime
import uuid
from contextlib import ExitStack

import pytest
from flask import Blueprint, Flask, Request, jsonify, request
from flask.json.provider import DefaultJSONProvider
from hypothesis import given
from hypothesis import strategies as st

from telemetry import flask_shortcuts
from telemetry.flask_shortcuts import PreparedRequest
from tests.telemetry.flask_apps import create, environ_of

REQUESTS = [
    {},
    {"REQUEST_METHOD": "get"},
    {"REQUEST_METHOD": "M" * 17},
    {"PATH_INFO": ""},
    {"PATH_INFO": "/"},
    {"PATH_INFO": "a"},
    {"PATH_INFO": "//a//b/"},
    {"PATH_INFO": "/b\xc3\xbccher"},
    {"PATH_INFO": "/\xff"},
    {"SCRIPT_NAME": "/shop/"},
    {"SCRIPT_NAME": "/b\xc3\xbccher"},
    {"QUERY_STRING": "a=\xc3\xbc"},
    {"SERVER_PORT": ""},
    {"SERVER_PORT": "80a"},
    {"wsgi.url_scheme": "https"},
    {"REMOTE_ADDR": ""},
]


BLUEPRINTS = {
    "/page": [],
    "/part": ["part"],
    "/inner/part": ["part.inner", "part"],
    "/no/such/page": [],
}


@pytest.mark.parametrize(
    "missing", ["", "SERVER_NAME", "SCRIPT_NAME", "REQUEST_METHOD", "PATH_INFO"]
)
@pytest.mark.parametrize("others", REQUESTS, ids=str)
@pytest.mark.parametrize("options", [(), (False,), (True, True)])
def test_request_has_the_attributes_of_flask_s(others, missing, options):
    environ = environ_of() | others
    environ.pop(missing, None)
    for _ in range(2):
        ours, theirs = environ.copy(), environ.copy()
        prepared, made = PreparedRequest(ours, *options), Request(theirs, *options)
        assert prepared.headers.environ is prepared.environ is ours
        assert ours.get("werkzeug.request") is (prepared if "werkzeug.request" in theirs else None)
        made.headers, made.environ = prepared.headers, prepared.environ
        assert vars(prepared) == vars(made)
        assert list(vars(prepared)) == list(vars(made))


def test_requests_do_not_share_what_an_app_changes():
    first, second = PreparedRequest(environ_of()), PreparedRequest(environ_of())
    first.scheme = "ws"
    assert second.scheme == "http"


@pytest.mark.parametrize("path", BLUEPRINTS)
def test_blueprints_of_a_request_are_those_of_flask(path):
    def found(app):
        inner, part = Blueprint("inner", "shop", url_prefix="/inner"), Blueprint("part", "shop")
        inner.add_url_rule("/part", "view", lambda: "")
        part.add_url_rule("/part", "view", lambda: "")
        part.register_blueprint(inner)
        app.register_blueprint(part)
        app.add_url_rule("/page", "page", lambda: "")
        with app.test_request_context(path):
            return type(request._get_current_object()), request.blueprints

    shortened = create()
    flask_shortcuts.install(shortened)
    assert [found(create()), found(shortened)] == [
        (Request, expected := BLUEPRINTS[path]),
        (PreparedRequest, expected),
    ]


def test_app_with_a_class_of_its_own_for_requests_keeps_it(monkeypatch):
    class Own(Request):
        pass

    app, usual, later = create(), create(), create()
    app.request_class = Own
    flask_shortcuts.install(app)
    flask_shortcuts.install(usual)
    assert (app.request_class, usual.request_class) == (Own, PreparedRequest)
    make = Request.__init__

    def make_more(self, environ, *options, **named):
        make(self, environ, *options, **named)
        self.slashes = self.path.count("/")

    monkeypatch.setattr(Request, "__init__", make_more)
    flask_shortcuts._of_server.cache_clear()
    flask_shortcuts.install(later)
    flask_shortcuts._of_server.cache_clear()
    assert later.request_class is Request


def test_app_with_ways_of_its_own_keeps_them():
    class Own(Flask):
        def create_url_adapter(self, request):
            return super().create_url_adapter(request)

    class Provider(DefaultJSONProvider):
        pass

    app = Own("shop")
    app.json = Provider(app)
    flask_shortcuts.install(app)
    assert "create_url_adapter" not in vars(app)
    assert "dumps" not in vars(app.json)


def test_receivers_of_signals_get_them_from_when_on_they_are_connected():
    app, heard = create(), []
    flask_shortcuts.install(app)
    app.add_url_rule("/page", "page", lambda: "page")
    client = app.test_client()
    every = flask_shortcuts._SIGNALS
    receivers = [
        lambda sender, name=signal.name, **arguments: heard.append((name, sorted(arguments)))
        for signal in every
    ]
    client.get("/page")
    assert heard == []
    with ExitStack() as stack:
        for signal, receiver in zip(every, receivers, strict=True):
            stack.enter_context(signal.connected_to(receiver, app))
        client.get("/page")
        create().test_client().get("/page")
    client.get("/page")
    assert heard == [
        ("appcontext-pushed", []),
        ("request-started", []),
        ("request-finished", ["response"]),
        ("request-tearing-down", ["exc"]),
        ("appcontext-tearing-down", ["exc"]),
        ("appcontext-popped", []),
    ]


def test_signal_without_receivers_has_been_received_by_none():
    flask_shortcuts.install(create())
    assert [signal.send(None, exc=None) for signal in flask_shortcuts._SIGNALS] == [[]] * 6


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.uuids()
    | st.dates()
    | st.decimals(allow_nan=False),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=10,
)


@given(JSON, st.booleans(), st.booleans())
def test_json_is_that_of_flask(value, sort_keys, ensure_ascii):
    app = create()
    app.json.sort_keys, app.json.ensure_ascii = sort_keys, ensure_ascii
    compact = {"separators": (",", ":")}
    expected = [app.json.dumps(value), app.json.dumps(value, **compact)]
    flask_shortcuts.install(app)
    assert [app.json.dumps(value), app.json.dumps(value, **compact)] == expected


@pytest.mark.parametrize("value", [object(), {1: 2, "a": 3}, {"a": {1, 2}}])
def test_what_is_no_json_is_refused_as_by_flask(value):
    app = create()
    errors = []
    for _ in range(2):
        with pytest.raises(TypeError) as caught:
            app.json.dumps(value, separators=(",", ":"))
        errors.append(str(caught.value))
        flask_shortcuts.install(app)
    assert errors[0] == errors[1]


def test_setting_of_json_that_changes_counts_at_once():
    app = create()
    flask_shortcuts.install(app)
    day, number = datetime.date(2026, 1, 2), uuid.UUID(int=1)
    with app.test_request_context():
        before = jsonify(b=1, a=[day, number]).get_data(as_text=True)
        app.json.sort_keys = False
        app.json.default = lambda _: "own"
        after = jsonify(b=1, a=[day]).get_data(as_text=True)
        app.json.compact = False
        indented = jsonify(b=1).get_data(as_text=True)
    assert before == f'{{"a":["Fri, 02 Jan 2026 00:00:00 GMT","{number}"],"b":1}}\n'
    assert (after, indented) == ('{"b":1,"a":["own"]}\n', '{\n  "b": 1\n}\n')


def test_setting_of_json_need_not_be_hashable():
    class Unhashable(list):
        def __call__(self, _):
            return "own"

    app = create()
    flask_shortcuts.install(app)
    app.json.default = Unhashable()
    assert app.json.dumps([object()], separators=(",", ":")) == '["own"]'
