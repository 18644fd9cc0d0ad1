"""Versions of the API, and the deprecation of routes.

Telemetry's layer adds ``API-Version`` and ``API-Supported-Versions`` to every response, also where
no route matched. This middleware refuses an unknown version with a problem of its own, and adds
``Deprecation`` and ``Sunset`` to the responses of a deprecated route.

Source: RFC 9745 (``Deprecation``), RFC 8594 (``Sunset``), RFC 9651 for dates in structured fields.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.http import http_date

from service.http.current_view import View, current_view
from service.http.openapi import extras
from service.http.problems import problem
from telemetry import ViewOption

UNKNOWN_VERSION: Final = "urn:serene:problem:unknown-api-version"

_VERSION: Final = re.compile(r"/api/(v[0-9]{1,9})(?:/|$)")


@dataclass(frozen=True, slots=True)
class _Deprecation:
    since: datetime
    sunset: datetime | None
    link: str


_DEPRECATION: Final = ViewOption[_Deprecation]("deprecation")


def deprecated(
    since: datetime, *, sunset: datetime | None = None, link: str = ""
) -> Callable[[View], View]:
    """Return a decorator that marks a route as deprecated.

    Args:
        since: When it became, or will become, deprecated.
        sunset: When it will be removed; not before ``since``.
        link: URL of the documentation of the deprecation.

    Raises:
        ValueError: A time has no zone, or the sunset comes first.
    """
    if since.tzinfo is None or (sunset is not None and sunset.tzinfo is None):
        raise ValueError("deprecated: times should have a zone")
    if sunset is not None and sunset < since:
        raise ValueError("deprecated: a route should not be gone before it is deprecated")
    return _DEPRECATION.set(_Deprecation(since, sunset, link))


def install(app: Flask, supported: Sequence[str]) -> None:
    """Refuse unknown versions and announce deprecated routes.

    Args:
        app: Its routes have their version in the path, as in ``/api/v1/…``.
        supported: Versions that have routes, such as ``v1``.
    """
    extras.contribute(app, _openapi_extra)

    @app.before_request
    def refuse_unknown() -> Response | None:
        requested = _VERSION.match(request.path) if request.url_rule is None else None
        if requested is None or requested[1] in supported:
            return None
        detail = f"There is no version {requested[1]} of this API; there is {', '.join(supported)}."
        return problem(
            404,
            detail,
            type=UNKNOWN_VERSION,
            title="Unknown API Version",
            supported=list(supported),
        )

    app.after_request(_announce_deprecation)


def _announce_deprecation(response: Response) -> Response:
    found = _DEPRECATION.get(current_view())
    if found is not None:
        response.headers["Deprecation"] = f"@{int(found.since.timestamp())}"
        if found.sunset is not None:
            response.headers["Sunset"] = http_date(found.sunset)
        if found.link:
            response.headers.add("Link", f'<{found.link}>; rel="deprecation"; type="text/html"')
    return response


def _openapi_extra(view: Callable[..., Any], _: str) -> extras.OpenApiExtra | None:
    found = _DEPRECATION.get(view)
    if found is None:
        return None
    headers = {"Deprecation": "When the route became deprecated, as a date (RFC 9745)."}
    headers |= {"Sunset": "When the route will be removed (RFC 8594)."} if found.sunset else {}
    headers |= {"Link": "Documentation of it, as `deprecation`."} if found.link else {}
    return extras.OpenApiExtra(headers=headers, members={"deprecated": True})
