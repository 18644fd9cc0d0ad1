"""A request is bound to an app's URLs as Flask binds it, once for each host."""

from unittest.mock import Mock

import pytest
from flask import Flask, Request, request, url_for
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from telemetry import flask_shortcuts
from telemetry.flask_urls import LONGEST_HOST, UrlAdapters
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
    bound = {name: value for name, value in vars(adapter).items() if name != "fixed"}
    return bound, served.host, vars(served).get("host")


def assert_bound_alike(app, environ):
    shortcuts = UrlAdapters(app)
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
    shortcuts = UrlAdapters(app)
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


RULES = [
    Rule("/", endpoint="root"),
    Rule("/page", endpoint="page", methods=["GET", "PUT"]),
    Rule("/page", endpoint="socket", websocket=True),
    Rule("/any", endpoint="any"),
    Rule("/folder/", endpoint="folder", methods=["GET"]),
    Rule("/loose/", endpoint="loose", strict_slashes=False, methods=["GET"]),
    Rule("/items/<int:number>", endpoint="item", methods=["GET"]),
    Rule("/items/first", endpoint="first", methods=["GET"]),
    Rule("/pages/", endpoint="pages", defaults={"number": 1}, methods=["GET"]),
    Rule("/pages/<int:number>", endpoint="pages", methods=["GET"]),
    Rule("/old", endpoint="old", redirect_to="/page", methods=["GET"]),
    Rule("/twice//two", endpoint="twice", methods=["GET"]),
    Rule("/~a b", endpoint="text", methods=["GET"]),
]
PATHS = [
    *("", "/", "//", "/page", "//page", "/page/", "/any", "/folder", "/folder/", "/loose"),
    *("/loose/", "/items/1", "/items/first", "/items/x", "/pages/", "/pages/1", "/pages/2"),
    *("/old", "/twice//two", "/twice/two", "/~a b", "/none"),
]


def matched(adapter):
    """What Flask learns of a request, or the exception."""
    try:
        rule, values = adapter.match(return_rule=True)
    except HTTPException as error:
        return type(error), getattr(error, "new_url", ""), getattr(error, "valid_methods", ())
    return rule, dict(values)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS", "get", "NONE"])
def test_every_path_is_matched_as_by_flask_each_time(method):
    app = create()
    app.url_map = Map([rule.empty() for rule in RULES])
    shortcuts = UrlAdapters(app)
    for path in [*PATHS, *PATHS]:
        environ = environ_of(PATH_INFO=path, REQUEST_METHOD=method)
        expected = matched(Flask.create_url_adapter(app, Request(environ)))
        assert matched(shortcuts.create(Request(environ))) == expected, path


def test_matched_path_is_not_searched_again(monkeypatch):
    app = create()
    app.add_url_rule("/page", "page", lambda: "")
    app.add_url_rule("/items/<int:number>", "item", lambda number: "")
    search = Mock(side_effect=app.url_map._matcher.match)
    monkeypatch.setattr(app.url_map._matcher, "match", search)
    shortcuts = UrlAdapters(app)
    for path in ("/page", "/page", "/items/1", "/items/1"):
        matched(shortcuts.create(Request(environ_of(PATH_INFO=path))))
    assert [call.args[1] for call in search.call_args_list] == ["/page", "/items/1", "/items/1"]


def test_rule_that_is_added_later_counts_at_once():
    app = create()
    app.add_url_rule("/page", "page", lambda: "", methods=["PUT"])
    shortcuts = UrlAdapters(app)

    def endpoint(method):
        found = matched(shortcuts.create(Request(environ_of(REQUEST_METHOD=method))))
        return getattr(found[0], "endpoint", found[0])

    assert [endpoint("PUT"), endpoint("GET")] == ["page", MethodNotAllowed]
    app.add_url_rule("/page", "later", lambda: "", methods=["GET"])
    assert [endpoint("PUT"), endpoint("GET")] == ["page", "later"]
    app.url_map = Map([Rule("/page", endpoint="other", methods=["PUT"])])
    assert [endpoint("PUT"), endpoint("GET")] == ["other", MethodNotAllowed]


def test_arguments_of_a_view_are_its_own():
    app = create()
    app.add_url_rule("/page", "page", lambda: "")
    shortcuts = UrlAdapters(app)
    first, second = (matched_values(shortcuts) for _ in range(2))
    first["added"] = 1
    assert (second, matched_values(shortcuts)) == ({}, {})


def matched_values(shortcuts):
    return shortcuts.create(Request(environ_of())).match(return_rule=True)[1]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (((), {}), ("page", {})),
        ((("/items/1",), {}), ("item", {"number": 1})),
        (((), {"path_info": "/items/2"}), ("item", {"number": 2})),
        (((), {"method": "GET", "return_rule": False}), ("page", {})),
    ],
)
def test_other_questions_are_answered_as_by_werkzeug(arguments, expected):
    app = create()
    app.add_url_rule("/page", "page", lambda: "")
    app.add_url_rule("/items/<int:number>", "item", lambda number: "")
    adapter = UrlAdapters(app).create(Request(environ_of()))
    adapter.match(return_rule=True)
    positional, named = arguments
    assert adapter.match(*positional, **named) == expected


def test_bound_requests_do_not_share_what_an_app_changes():
    shortcuts = UrlAdapters(create())
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
