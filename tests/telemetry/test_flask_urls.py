"""A request is bound to an app's URLs as Flask binds it, once for each host."""

from unittest.mock import Mock

import pytest
from flask import Flask, Request, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from telemetry import flask_shortcuts
from telemetry.flask_shortcuts import LONGEST_HOST
from tests.telemetry.flask_apps import create, environ_of

HOSTS = [
    "bench",
    "Bench.Example.ORG",
    "bench:80",
    "bench:443",
    "bench:8080",
    "127.0.0.1:8000",
    "[::1]:8000",
    "xn--bcher-kva.example",
    "b\xfccher.example",
    "bad host",
    "a/b",
    "bench:99999",
    "",
    ".",
    f"{'a' * 64}.example",
    "a" * (LONGEST_HOST + 1),
    None,
]
SERVERS = [("bench", "80"), ("::1", "8000"), ("/run/bench.sock", ""), (None, None)]


def observed(create_adapter, environ):
    """What an app sees of a bound request, or the exception."""
    served = Request(environ.copy(), populate_request=False)
    try:
        adapter = create_adapter(served)
    except HTTPException as error:
        return type(error), error.description
    return vars(adapter), served.host, vars(served).get("host")


def assert_bound_alike(app, environ):
    shortcuts = flask_shortcuts.UrlAdapters(app)
    expected = observed(lambda served: Flask.create_url_adapter(app, served), environ)
    for _ in range(2):
        assert observed(shortcuts.create, environ) == expected


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("host", HOSTS)
def test_request_is_bound_as_by_flask(host, server, scheme):
    assert_bound_alike(create(), environ_of(host, server, scheme))


@pytest.mark.parametrize(
    "others",
    [
        {"SCRIPT_NAME": "/shop"},
        {"SCRIPT_NAME": "/b\xc3\xbccher/"},
        {"PATH_INFO": ""},
        {"PATH_INFO": "//a//b"},
        {"PATH_INFO": "/b\xc3\xbccher"},
        {"PATH_INFO": "/\xff"},
        {"QUERY_STRING": "a=1&b=%20"},
        {"QUERY_STRING": "a=\xc3\xbc"},
        {"REQUEST_METHOD": "DELETE"},
        {"HTTP_CONNECTION": "Upgrade", "HTTP_UPGRADE": "websocket"},
        {"HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "WebSocket", "wsgi.url_scheme": "https"},
        {"HTTP_CONNECTION": "upgrade"},
    ],
)
def test_each_request_keeps_what_is_its_own(others):
    assert_bound_alike(create(), environ_of() | others)


@pytest.mark.parametrize("missing", ["PATH_INFO", "QUERY_STRING", "SCRIPT_NAME"])
def test_environ_without_a_text_is_bound_as_by_flask(missing):
    environ = environ_of()
    environ.pop(missing)
    assert_bound_alike(create(), environ)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "config",
    [
        {"SERVER_NAME": "bench"},
        {"SERVER_NAME": "example.org", "subdomain_matching": True},
        {"subdomain_matching": True},
        {"host_matching": True},
        {"TRUSTED_HOSTS": ["bench", ".example.org"]},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Current server name")
def test_setting_that_depends_on_the_host_is_flask_s_own_matter(config, host):
    assert_bound_alike(create(**config), environ_of(host))


def test_setting_that_changes_while_the_app_serves_counts_at_once():
    app = create()
    shortcuts = flask_shortcuts.UrlAdapters(app)
    environ = environ_of()
    observed(shortcuts.create, environ)
    app.url_map = Map(default_subdomain="www")
    expected = observed(lambda served: Flask.create_url_adapter(app, served), environ)
    assert observed(shortcuts.create, environ) == expected
    app.url_map.default_subdomain = "api"
    adapter = shortcuts.create(Request(environ))
    assert (adapter.map, adapter.subdomain) == (app.url_map, "api")
    app.config["TRUSTED_HOSTS"] = ["other"]
    expected = observed(lambda served: Flask.create_url_adapter(app, served), environ)
    assert observed(shortcuts.create, environ) == expected


def test_usual_request_is_bound_to_its_host_once(monkeypatch):
    app = create()
    flask_shortcuts.install(app)
    bind = Mock(side_effect=app.url_map.bind_to_environ)
    monkeypatch.setattr(app.url_map, "bind_to_environ", bind)
    app.add_url_rule("/items/<int:number>", "item", lambda number: {"item": number})
    client = app.test_client()
    found = [client.get(f"/items/{number}?n={number}").json for number in range(3)]
    assert (found, bind.call_count) == ([{"item": 0}, {"item": 1}, {"item": 2}], 1)


def test_bound_requests_do_not_share_what_an_app_changes():
    shortcuts = flask_shortcuts.UrlAdapters(create())
    first, second = (shortcuts.create(Request(environ_of())) for _ in range(2))
    first.script_name = "/changed/"
    assert second.script_name == "/"


def test_urls_redirects_and_refusals_are_those_of_flask():
    answers = []
    for shortened in (False, True):
        app = create()
        app.add_url_rule("/folder/", "folder", lambda: url_for("folder", _external=True, q=1))
        app.add_url_rule("/host", "host", lambda: [request.host, request.url, request.url_root])
        app.add_url_rule("/post", "post", lambda: "", methods=["POST"])
        if shortened:
            flask_shortcuts.install(app)
        client = app.test_client()
        answers.append(
            [
                (response.status, response.data, response.headers)
                for path in ("/folder/", "/folder", "/host", "/post", "/none")
                for response in [client.get(path, base_url="https://Shop.Example:443/sub")]
            ]
        )
    assert answers[0] == answers[1]
