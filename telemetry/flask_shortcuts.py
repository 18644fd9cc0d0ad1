"""What Flask works out anew in each request although it is the same for many, kept.

A small request spends an eighth of its work on the name of the host (its syntax, its IDNA form, its
port), and more on the settings of JSON than on the values. Each shortcut asks Flask itself once and
copies what it made; where anything is unusual, or goes wrong, Flask's own way is taken. An app
whose class has a way of its own keeps that.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Request, Response, signals
from flask.json.provider import DefaultJSONProvider
from werkzeug.datastructures import EnvironHeaders

from telemetry.flask_responses import PreparedResponse, makes_the_same_responses
from telemetry.flask_urls import CACHED_HOSTS, UrlAdapters

LONGEST_METHOD: Final = 16
_COMPACT: Final = {"separators": (",", ":")}


_SIGNALS: Final = (
    signals.appcontext_pushed,
    signals.request_started,
    signals.request_finished,
    signals.request_tearing_down,
    signals.appcontext_tearing_down,
    signals.appcontext_popped,
)
"""Sent by Flask with each request."""


def install(app: Flask) -> None:
    """Shorten the way of an app's requests; a second call is harmless."""
    if type(app).create_url_adapter is Flask.create_url_adapter:
        app.create_url_adapter = UrlAdapters(app).create  # type: ignore[method-assign]
    if app.request_class is Request and _makes_the_same_requests():
        app.request_class = PreparedRequest
    if app.response_class is Response and makes_the_same_responses():
        app.response_class = PreparedResponse
    provider = app.json
    if type(provider) is DefaultJSONProvider:
        provider.dumps = JsonTexts(provider).dumps  # type: ignore[method-assign]
    for signal in _SIGNALS:
        if "send" not in vars(signal):
            signal.send = _send_of(signal)  # type: ignore[method-assign]


class PreparedRequest(Request):
    """A request like ``Request``; what others have too is copied."""

    def __init__(
        self, environ: dict[str, Any], populate_request: bool = True, shallow: bool = False
    ) -> None:
        made = None
        try:
            path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
            query, client = environ["QUERY_STRING"].encode("latin1"), environ["REMOTE_ADDR"]
            usual = path[:1] == "/" and path[:2] != "//" and path.isascii()
            if usual and len(method) <= LONGEST_METHOD:
                made = _of_server(
                    method,
                    environ["wsgi.url_scheme"],
                    environ["SERVER_NAME"],
                    environ["SERVER_PORT"],
                    environ["SCRIPT_NAME"],
                )
        except Exception:  # Flask finds the same, and raises what the app expects
            made = None
        if made is None:
            super().__init__(environ, populate_request, shallow)
            return
        self.__dict__ = made.copy()
        self.path, self.query_string, self.remote_addr = path, query, client
        self.headers = EnvironHeaders(environ)
        self.environ, self.shallow = environ, shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    @property
    def blueprints(self) -> list[str]:
        """As ``Request.blueprints``, which calls two further properties to find none."""
        rule = self.url_rule
        return super().blueprints if rule is not None and "." in rule.endpoint else []


@lru_cache(CACHED_HOSTS)
def _of_server(*of_server: str) -> dict[str, Any]:
    """Return the attributes of a request as Flask makes them."""
    names = ("REQUEST_METHOD", "wsgi.url_scheme", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME")
    return vars(Request(dict(zip(names, of_server, strict=True)), populate_request=False))


def _makes_the_same_requests() -> bool:
    """Return whether Flask's requests have no attribute that this version of ours does not know."""
    environ = {
        "REQUEST_METHOD": "GET",
        "wsgi.url_scheme": "https",
        "SERVER_NAME": "bench",
        "SERVER_PORT": "8080",
        "SCRIPT_NAME": "/shop",
        "PATH_INFO": "/a/b",
        "QUERY_STRING": "c=d",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_COOKIE": "e=f",
    }
    prepared, made = PreparedRequest(environ), Request(environ)
    return vars(prepared) == vars(made)


class JsonTexts:
    """Makes the JSON of an app's responses.

    Args:
        provider: Of the app; its settings may change.
    """

    def __init__(self, provider: DefaultJSONProvider) -> None:
        self._provider = provider
        # Replaced whole: threads may share it.
        self._made: tuple[tuple[Any, ...], Callable[[Any], str]] = ((), json.dumps)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """As ``DefaultJSONProvider.dumps``."""
        provider = self._provider
        if kwargs == _COMPACT:
            settings = provider.default, provider.ensure_ascii, provider.sort_keys
            known, encode = self._made
            if known != settings:
                encode = _encoder(*settings)
                self._made = settings, encode
            return encode(obj)
        return DefaultJSONProvider.dumps(provider, obj, **kwargs)


def _encoder(
    default: Callable[[Any], Any], ensure_ascii: bool, sort_keys: bool
) -> Callable[[Any], str]:
    """Return what makes compact JSON; ``json.dumps`` would make it anew for each text."""
    return json.JSONEncoder(
        default=default, ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=(",", ":")
    ).encode


def _send_of(signal: Any) -> Callable[..., list[tuple[Callable[..., Any], Any]]]:
    """Return what sends a signal, and does nothing as long as nothing receives it.

    blinker takes a generator to find that out, at seven times the cost.
    """
    receivers, original = signal.receivers, signal.send

    def send(sender: object = None, /, **arguments: Any) -> list[tuple[Callable[..., Any], Any]]:
        """As ``Signal.send``."""
        return original(sender, **arguments) if receivers else []

    return send
