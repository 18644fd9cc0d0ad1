"""Caching of responses: ``Cache-Control`` and ``ETag``.

No cache may store a response unless its route allows it, and none may store the response to a
request with a token unless the route is ``private``. A response that may be stored has an ETag;
``conditions`` compares it between the two steps of this module.

Source: RFC 9111 (caching), RFC 5861 (``stale-while-revalidate``), RFC 9110, section 8.8.3 (ETag).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Response, request

from service.http.current_view import View, current_view
from service.http.middleware.conditions import NOT_MODIFIED
from service.http.openapi import extras
from telemetry import ViewOption

NO_STORE: Final = "no-store"
NO_STORE_AUTHORIZED: Final = "private, no-store"

_CACHEABLE_STATUSES: Final = (200, 206, 304)


@dataclass(frozen=True, slots=True)
class _Policy:
    without_token: str
    with_token: str


_POLICY: Final = ViewOption[_Policy]("caching")


def public(
    *, max_age_seconds: int, stale_while_revalidate_seconds: int = 0
) -> Callable[[View], View]:
    """Return a decorator for a route whose responses are the same for every client.

    The response to a request with a token is ``private, no-store`` all the same.

    Args:
        max_age_seconds: How long a response is fresh.
        stale_while_revalidate_seconds: How much longer a cache may use it while it fetches a new
            one.
    """
    directives = _directives("public", max_age_seconds, stale_while_revalidate_seconds)
    return _POLICY.set(_Policy(directives, NO_STORE_AUTHORIZED))


def private(
    *, max_age_seconds: int, stale_while_revalidate_seconds: int = 0
) -> Callable[[View], View]:
    """Return a decorator for a route whose responses only the requesting client may store.

    Args:
        max_age_seconds: How long a response is fresh; with 0 the client revalidates each time, and
            gets 304 when nothing has changed.
        stale_while_revalidate_seconds: How much longer the client may use it while it fetches a new
            one.
    """
    directives = _directives("private", max_age_seconds, stale_while_revalidate_seconds)
    return _POLICY.set(_Policy(directives, directives))


def _directives(scope: str, max_age_seconds: int, stale_seconds: int) -> str:
    if max_age_seconds < 0 or stale_seconds < 0:
        raise ValueError("caching: times should not be negative")
    stale = f", stale-while-revalidate={stale_seconds}" if stale_seconds else ""
    return f"{scope}, max-age={max_age_seconds}{stale}"


def install(app: Flask) -> None:
    """Add caching headers to every response that has no ``Cache-Control`` of its own."""
    extras.contribute(app, _openapi_extra)
    app.after_request(_add_headers)


def install_tags(app: Flask) -> None:
    """Add a weak ``ETag`` to every response of known size that may be stored and has none."""
    app.after_request(_add_tag)


def _add_headers(response: Response) -> Response:
    if "Cache-Control" in response.headers:
        return response
    directives = _directives_of(response)
    if directives is None:
        has_token = "Authorization" in request.headers
        response.headers["Cache-Control"] = NO_STORE_AUTHORIZED if has_token else NO_STORE
        return response
    response.headers["Cache-Control"] = directives
    response.vary.add("Authorization")
    return response


def _add_tag(response: Response) -> Response:
    if (
        response.status_code == 200
        and "Cache-Control" not in response.headers
        and not response.is_streamed
        and _directives_of(response) not in (None, NO_STORE_AUTHORIZED)
    ):
        response.add_etag(weak=True)
    return response


def _directives_of(response: Response) -> str | None:
    policy = _POLICY.get(current_view())
    if (
        policy is None
        or response.status_code not in _CACHEABLE_STATUSES
        or request.method not in ("GET", "HEAD")
    ):
        return None
    return policy.with_token if "Authorization" in request.headers else policy.without_token


_HEADERS: Final = {
    "Cache-Control": "Who may store the response, and for how long.",
    "Vary": "Request headers that the response depends on.",
    "ETag": (
        "Version of the response, for `If-None-Match` of the next request; absent when the "
        "response must not be stored."
    ),
}


def _openapi_extra(view: Callable[..., Any], method: str) -> extras.OpenApiExtra | None:
    if _POLICY.get(view) is None or method != "GET":
        return None
    return extras.OpenApiExtra(headers=_HEADERS, responses=NOT_MODIFIED, problems=frozenset({412}))
