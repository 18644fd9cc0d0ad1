"""An app's hooks, signals and sessions are those of Flask, whenever they were added."""

import functools
import inspect

import pytest
from flask import Blueprint, Flask, after_this_request, session, signals

from telemetry import flask_hooks

SHORTENED = (
    "ensure_sync",
    "preprocess_request",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
)


class Seen(list):
    """What ran in a request, in its order."""

    def hook(self, name, value=None):
        """Return a hook that notes its name and what it got."""

        def run(*arguments):
            self.append((name, [type(each).__name__ for each in arguments]))
            return value(*arguments) if value is not None else None

        return run


def app_with_blueprint():
    app = Flask("hooked")
    part = Blueprint("part", "hooked")
    part.add_url_rule("/part/<name>", "page", lambda name: name)
    app.add_url_rule("/<name>", "page", lambda name: name)
    app.add_url_rule("/fails/<name>", "fails", lambda name: str(int(name)))
    return app, part


def no_hook(app, part, seen):
    """Add nothing."""


def url_value_preprocessor(app, part, seen):
    app.url_value_preprocessor(seen.hook("values"))
    part.url_value_preprocessor(seen.hook("values of the part"))


def before_request(app, part, seen):
    app.before_request(seen.hook("before"))
    part.before_request(seen.hook("before the part", lambda: "instead"))


def after_request(app, part, seen):
    app.after_request(seen.hook("after", lambda response: response))
    part.after_request(seen.hook("after the part", lambda response: response))


def after_one_request(app, part, seen):
    def add():
        after_this_request(seen.hook("after this", lambda response: response))
        return "added"

    app.add_url_rule("/", "add", add)
    app.view_functions["page"] = lambda name: add()


def teardown_request(app, part, seen):
    app.teardown_request(seen.hook("teardown"))
    part.teardown_request(seen.hook("teardown of the part"))


def teardown_appcontext(app, part, seen):
    app.teardown_appcontext(seen.hook("teardown of the context"))


def kept_session(app, part, seen):
    app.secret_key = "key"

    def count(name):
        session["count"] = session.get("count", 0) + 1
        return f"{name} {session['count']}"

    app.view_functions["page"] = count


HOOKS = (
    no_hook,
    url_value_preprocessor,
    before_request,
    after_request,
    after_one_request,
    teardown_request,
    teardown_appcontext,
    kept_session,
)


def observed(add, *, shortens, before):
    """Return the answers of an app, and what ran for each."""
    (app, part), seen = app_with_blueprint(), Seen()
    if shortens and before:
        flask_hooks.install(app)
    add(app, part, seen)
    app.register_blueprint(part)
    if shortens and not before:
        flask_hooks.install(app)
    client = app.test_client()
    answers = [client.get(path) for path in ("/a", "/part/b", "/fails/c", "/no/such/page", "/d")]
    cookies = ["Set-Cookie" in answer.headers for answer in answers]
    return [(answer.status_code, answer.text) for answer in answers], cookies, seen


@pytest.mark.parametrize("before", [True, False], ids=["installed before", "installed after"])
@pytest.mark.parametrize("add", HOOKS, ids=lambda add: add.__name__)
def test_what_runs_is_what_runs_in_flask(add, before):
    expected = observed(add, shortens=False, before=before)
    assert observed(add, shortens=True, before=before) == expected
    assert bool(expected[2]) == (add not in (no_hook, kept_session))


@pytest.mark.parametrize(
    "signal", [signals.request_tearing_down, signals.appcontext_tearing_down], ids=lambda s: s.name
)
def test_signals_of_the_end_are_sent_to_who_wants_them(signal):
    app, _ = app_with_blueprint()
    flask_hooks.install(app)
    ended = []

    def note(sender, exc=None, **_):
        ended.append((sender, type(exc)))

    assert app.test_client().get("/a").text == "a"
    with signal.connected_to(note, app):
        app.test_client().get("/a")
        app.test_client().get("/fails/c")
    assert ended == [(app, type(None)), (app, ValueError)]


async def coroutine():
    """Return nothing, later."""


def plain():
    """Return nothing."""


@functools.wraps(coroutine)
def wrapping():
    """Return nothing, and not later."""


@pytest.mark.parametrize(
    "function",
    [plain, wrapping, coroutine, functools.partial(plain), functools.partial(coroutine), "".join],
    ids=["plain", "wrapping", "coroutine", "partial plain", "partial coroutine", "built in"],
)
def test_coroutines_are_found_as_by_flask(function, monkeypatch):
    app, _ = app_with_blueprint()
    monkeypatch.setattr(Flask, "async_to_sync", lambda _, func: ("converted", func))
    expected = app.ensure_sync(function)
    flask_hooks.install(app)
    assert app.ensure_sync(function) == expected
    assert (expected == function) == (not inspect.iscoroutinefunction(function))


def test_function_that_is_marked_as_a_coroutine_is_left_to_flask(monkeypatch):
    def marked():
        """Return nothing."""

    app, _ = app_with_blueprint()
    flask_hooks.install(app)
    monkeypatch.setattr(Flask, "ensure_sync", lambda _, func: ("asked", func))
    assert app.ensure_sync(marked) is marked
    marked._is_coroutine_mark = object()
    assert app.ensure_sync(marked) == ("asked", marked)


@pytest.mark.parametrize("name", SHORTENED)
def test_way_of_its_own_is_kept(name, monkeypatch):
    def own(self, *arguments):
        return getattr(Flask, name)(self, *arguments)

    changed = type("Own", (Flask,), {name: own})("own")
    flask_hooks.install(changed)
    assert set(SHORTENED) - set(vars(changed)) == {name}

    replaced, _ = app_with_blueprint()
    monkeypatch.setitem(vars(replaced), name, own)
    flask_hooks.install(replaced)
    assert vars(replaced)[name] is own

    wrapped, _ = app_with_blueprint()
    monkeypatch.setattr(Flask, name, functools.wraps(getattr(Flask, name))(own))
    flask_hooks.install(wrapped)
    assert set(SHORTENED) - set(vars(wrapped)) == {name}


def test_second_installation_changes_nothing():
    app, _ = app_with_blueprint()
    flask_hooks.install(app)
    first = {name: vars(app)[name] for name in SHORTENED}
    flask_hooks.install(app)
    assert {name: vars(app)[name] for name in SHORTENED} == first
