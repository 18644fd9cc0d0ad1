"""What every route does with ``OPTIONS``, and with content that it could only misread.

``OPTIONS`` is answered before anything else: without an account, without a count of rate limits,
without a body. Content with a coding is refused, since no route decodes any: decoding would need
limits of its own, and a client can send the same bytes without. A part of a representation
(``Content-Range``) is refused too; stored, it would pass for the whole.

Source: RFC 9110, sections 9.3.7 (OPTIONS), 12.5.3 and 15.5.16 (415 with ``Accept-Encoding``), 14.5
(partial PUT); RFC 5789, section 3.1 (``Accept-Patch``).
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, current_app, request

from service.http.conditions import SAFE_METHODS
from service.http.openapi import extras
from service.http.problems import problem

IDENTITY: Final = "identity"
PATCH_TYPE: Final = "application/json"


def install(app: Flask) -> None:
    """Answer ``OPTIONS``, and refuse content with a coding or a range, on every route of an app."""
    extras.contribute(app, _openapi_extra)
    app.before_request(_check)
    # Werkzeug would redirect a path with two slashes to a URL of the request's own Host.
    app.url_map.merge_slashes = False


def _check() -> Response | None:
    if request.url_rule is None:
        return None
    if request.method == "OPTIONS":
        return _options()
    if request.method in SAFE_METHODS:
        return None
    coding = request.environ.get("HTTP_CONTENT_ENCODING")
    if coding is not None and not _is_identity(coding):
        return _refuse_coding()
    if "HTTP_CONTENT_RANGE" in request.environ:
        return problem(400, "Send the whole content; a part of it cannot be stored.")
    return None


def _options() -> Response:
    response = current_app.make_default_options_response()
    if "PATCH" in response.allow:
        response.headers["Accept-Patch"] = PATCH_TYPE
    return response


def _is_identity(coding: str) -> bool:
    return all(part.strip(" \t").lower() in ("", IDENTITY) for part in coding.split(","))


def _refuse_coding() -> Response:
    response = problem(415, "Send the content without a Content-Encoding.")
    response.headers["Accept-Encoding"] = IDENTITY
    return response


def _openapi_extra(_: Callable[..., Any], method: str) -> extras.OpenApiExtra | None:
    if method in SAFE_METHODS:
        return None
    return extras.OpenApiExtra(problems=frozenset({400, 415}))
