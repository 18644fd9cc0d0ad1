"""Versions of the API: which there are, and what becomes of a route that will go.

``API-Version`` and ``API-Supported-Versions`` are on every answer by telemetry's layer, also where
no route was reached. Here is what needs routes: a version that does not exist is said to be that,
and a deprecated route says since when and until when.

Source: RFC 9745 (``Deprecation``), RFC 8594 (``Sunset``), RFC 9651 for dates in structured fields.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.http import http_date

from service.http.openapi import extras
from service.http.problems import problem
from service.http.view_option import Mark, View

UNKNOWN_VERSION: Final = "urn:serene:problem:unknown-api-version"

_VERSION: Final = re.compile(r"/api/(v[0-9]{1,9})(?:/|$)")


@dataclass(frozen=True, slots=True)
class _Deprecation:
    since: datetime
    sunset: datetime | None
    link: str


_DEPRECATION: Final = Mark[_Deprecation]("deprecation")


def deprecated(
    since: datetime, *, sunset: datetime | None = None, link: str = ""
) -> Callable[[View], View]:
    """Mark a route that clients should leave.

    Args:
        since: When it became, or will become, deprecated.
        sunset: When it will be gone; not before ``since``.
        link: URL of what a client's developer should read.

    Raises:
        ValueError: A time has no zone, or the sunset comes first.
    """
    if since.tzinfo is None or (sunset is not None and sunset.tzinfo is None):
        raise ValueError("deprecated: times should have a zone")
    if sunset is not None and sunset < since:
        raise ValueError("deprecated: a route should not be gone before it is deprecated")
    return _DEPRECATION.put(_Deprecation(since, sunset, link))


def install(app: Flask, supported: Sequence[str]) -> None:
    """Tell an app's clients of its versions.

    Args:
        app: Its routes have their version in the path, as in ``/api/v1/…``.
        supported: Such as ``v1``; there are routes of each.
    """

    extras.contribute(app, _documented)

    @app.before_request
    def refuse_unknown() -> Response | None:
        asked = _VERSION.match(request.path) if request.url_rule is None else None
        if asked is None or asked[1] in supported:
            return None
        detail = f"There is no version {asked[1]} of this API; there is {', '.join(supported)}."
        return problem(
            404,
            detail,
            type=UNKNOWN_VERSION,
            title="Unknown API Version",
            supported=list(supported),
        )

    @app.after_request
    def tell(response: Response) -> Response:
        said = _DEPRECATION.of_request()
        if said is not None:
            response.headers["Deprecation"] = f"@{int(said.since.timestamp())}"
            if said.sunset is not None:
                response.headers["Sunset"] = http_date(said.sunset)
            if said.link:
                response.headers.add("Link", f'<{said.link}>; rel="deprecation"; type="text/html"')
        return response


def _documented(view: Callable[..., Any], _: str) -> extras.Note | None:
    said = _DEPRECATION.of(view)
    if said is None:
        return None
    headers = {"Deprecation": "Since when, as a structured date (RFC 9745)."}
    headers |= {"Sunset": "When it will be gone (RFC 8594)."} if said.sunset else {}
    headers |= {"Link": "What to read of it, as `deprecation`."} if said.link else {}
    return extras.Note(headers=headers, members={"deprecated": True})
