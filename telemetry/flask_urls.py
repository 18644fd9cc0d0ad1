"""Requests bound to the URLs of an app, and matched, with less work.

What the host decides is worked out once for each host. A path that a rule has letter by letter,
such as ``/posts``, is matched once for each method; one with variables is matched as ever.
"""

from functools import lru_cache
from typing import Any, Final

from flask import Flask, Request
from werkzeug.routing import Map, MapAdapter, Rule

CACHED_HOSTS: Final = 256
LONGEST_HOST: Final = 256
_new: Final = MapAdapter.__new__


class FixedRules:
    """Rules without variables by method and path; no more than a map has.

    A map only grows: a longer one, or another, is learned anew.
    """

    def __init__(self) -> None:
        # Replaced whole: threads may share it.
        self._known: tuple[object, dict[tuple[str, str], Rule]] = None, {}

    def of(self, url_map: Map) -> dict[tuple[str, str], Rule]:
        """Return those of a map that are known."""
        version = url_map, len(url_map._rules), url_map.default_subdomain
        known, rules = self._known
        if known != version:
            rules = {}
            self._known = version, rules
        return rules


class ShortAdapter(MapAdapter):
    """A ``MapAdapter`` of a request that remembers what it matched, for the next one."""

    fixed: FixedRules

    def match(self, *arguments: Any, **options: Any) -> Any:
        """As ``MapAdapter.match``."""
        if arguments or options != _OF_FLASK or self.websocket:
            return super().match(*arguments, **options)
        rules, key = self.fixed.of(self.map), (self.default_method, self.path_info)
        found = rules.get(key)
        if found is not None:
            return found, {}
        rule, values = super().match(return_rule=True)
        if (
            not values
            and not rule.arguments
            and rule.rule == self.path_info
            and self.default_method in (rule.methods or ())
        ):
            rules[key] = rule
        return rule, values


_OF_FLASK: Final = {"return_rule": True}
"""How Flask asks for the rule of a request."""


class UrlAdapters:
    """Binds requests to the URLs of an app.

    Args:
        app: Whose requests.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._bound = lru_cache(CACHED_HOSTS)(self._bind)
        self._fixed = FixedRules()

    def create(self, request: Request | None) -> MapAdapter | None:
        """As ``Flask.create_url_adapter``."""
        if request is not None:
            try:
                adapter = self._adapter_of(request)
            except Exception:  # Flask finds the same, and raises what the app expects
                adapter = None
            if adapter is not None:
                return adapter
        return Flask.create_url_adapter(self._app, request)

    def _adapter_of(self, request: Request) -> MapAdapter | None:
        """Return a copy of what is bound to the host; ``None`` where more than that counts."""
        app, environ = self._app, request.environ
        url_map, config, host = app.url_map, app.config, environ.get("HTTP_HOST", "")
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if (
            config["SERVER_NAME"] is not None
            or config.get("TRUSTED_HOSTS") is not None
            or request.trusted_hosts is not None
            or app.subdomain_matching
            or url_map.host_matching
            or type(url_map) is not Map
            or "HTTP_UPGRADE" in environ
            or len(host) > LONGEST_HOST
            or not path.isascii()
            or not query.isascii()
        ):
            return None
        shown_host, bound = self._bound(
            url_map,
            url_map.default_subdomain,
            environ["wsgi.url_scheme"],
            environ.get("HTTP_HOST"),
            environ.get("SERVER_NAME"),
            environ.get("SERVER_PORT"),
            environ.get("SCRIPT_NAME"),
        )
        adapter = _new(ShortAdapter)
        adapter.__dict__ = bound.copy()
        adapter.path_info, adapter.query_args = path, query
        adapter.default_method = environ["REQUEST_METHOD"]
        adapter.fixed = self._fixed
        if shown_host is not None:
            request.host = shown_host
        return adapter

    def _bind(
        self, _map: Map, _subdomain: str, scheme: str, *of_host: str | None
    ) -> tuple[str | None, dict[str, Any]]:
        """Have Flask bind a request to a host.

        Returns:
            What it sets as the host of the request, if it does, and the attributes of the adapter.
        """
        names = ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME")
        environ: dict[str, Any] = {
            name: value for name, value in zip(names, of_host, strict=True) if value is not None
        }
        environ |= {
            "wsgi.url_scheme": scheme,
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
        }
        request = Request(environ, populate_request=False)
        adapter = Flask.create_url_adapter(self._app, request)
        return vars(request).get("host"), dict(vars(adapter))
