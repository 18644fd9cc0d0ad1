"""Caching of responses: ``Cache-Control``, ``ETag``, and the tags that a CDN removes them by.

No cache may store a response unless its route allows it, and none may store the response to a
request with a token unless the route is ``private``. A response that may be stored has an ETag;
``conditions`` compares it between the two steps of this module. What the service removes from its
CDN when it changes has tags, and the CDN may keep it for longer than a browser.

Source: RFC 9111 (caching), RFC 5861 (``stale-while-revalidate``, ``stale-if-error``), RFC 9213
(targeted cache control), RFC 9110, section 8.8.3 (ETag).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from flask import Flask, Response, has_request_context, request

from service.http.current_view import View, current_view
from service.http.middleware.conditions import NOT_MODIFIED
from service.http.openapi import extras
from telemetry import ViewOption

NO_STORE: Final = "no-store"
NO_STORE_AUTHORIZED: Final = "private, no-store"

_CACHEABLE_STATUSES: Final = (200, 206, 304)


@dataclass(frozen=True, slots=True)
class CdnHeaders:
    """What a CDN reads of a response beside ``Cache-Control``.

    Args:
        tags: Name of the header with the response's tags.
        separator: Between two tags.
        control: Name of the header with the CDN's own directives.
        max_age_seconds: How long it keeps what is removed when it changes; 0 as ``Cache-Control``.
    """

    tags: str
    separator: str
    control: str
    max_age_seconds: int = 0


@dataclass(frozen=True, slots=True)
class _Policy:
    without_token: str
    with_token: str
    tags: tuple[str, ...] = ()
    stale: str = ""

    @property
    def is_public(self) -> bool:
        return self.without_token.startswith("public")


_POLICY: Final = ViewOption[_Policy]("caching")


def public(
    *,
    max_age_seconds: int,
    stale_while_revalidate_seconds: int = 0,
    stale_if_error_seconds: int = 0,
    tags: tuple[str, ...] = (),
) -> Callable[[View], View]:
    """Return a decorator for a route whose responses are the same for every client.

    The response to a request with a token is ``private, no-store`` all the same.

    Args:
        max_age_seconds: How long a response is fresh.
        stale_while_revalidate_seconds: How much longer a cache may use it while it fetches a new
            one.
        stale_if_error_seconds: How much longer a cache may use it while the service fails.
        tags: What it is removed from a CDN by; ``{name}`` is a variable of the path. A
            change of what it shows purges one of them.
    """
    stale = _stale(stale_while_revalidate_seconds, stale_if_error_seconds)
    directives = _directives("public", max_age_seconds, stale)
    return _POLICY.set(_Policy(directives, NO_STORE_AUTHORIZED, tags, stale))


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
    directives = _directives("private", max_age_seconds, _stale(stale_while_revalidate_seconds))
    return _POLICY.set(_Policy(directives, directives))


def _stale(while_revalidate_seconds: int, if_error_seconds: int = 0) -> str:
    if while_revalidate_seconds < 0 or if_error_seconds < 0:
        raise ValueError("caching: times should not be negative")
    revalidate = f", stale-while-revalidate={while_revalidate_seconds}"
    error = f", stale-if-error={if_error_seconds}"
    return (revalidate if while_revalidate_seconds else "") + (error if if_error_seconds else "")


def _directives(scope: str, max_age_seconds: int, stale: str) -> str:
    if max_age_seconds < 0:
        raise ValueError("caching: times should not be negative")
    return f"{scope}, max-age={max_age_seconds}{stale}"


def is_public(view: object) -> bool:
    """Return whether any cache may store the responses of a view."""
    policy = _POLICY.get(view)
    return policy is not None and policy.is_public


def is_cacheable_request() -> bool:
    """Return whether any cache may store the response of the current request.

    False outside of a request. With a token it is false: its account may have changed just now what
    the response shows.
    """
    return (
        has_request_context()
        and "HTTP_AUTHORIZATION" not in request.environ
        and request.method in ("GET", "HEAD")
        and is_public(current_view())
    )


def install(app: Flask, cdn: CdnHeaders | None = None) -> None:
    """Add caching headers to every response that has no ``Cache-Control`` of its own.

    Args:
        app: Of the service.
        cdn: What its CDN reads; ``None`` without one.
    """
    extras.contribute(app, _openapi_extra)
    if cdn is not None:
        app.after_request(lambda response: _add_cdn_headers(response, cdn))
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


def _add_cdn_headers(response: Response, cdn: CdnHeaders) -> Response:
    # Runs after _add_headers: what has other directives than its route's is not tagged.
    policy = _POLICY.get(current_view())
    if policy and policy.tags and response.headers.get("Cache-Control") == policy.without_token:
        variables = {
            name: quote(str(value), "") for name, value in (request.view_args or {}).items()
        }
        tags = [tag.format_map(variables) for tag in policy.tags]
        response.headers[cdn.tags] = cdn.separator.join(tags)
        if cdn.max_age_seconds:
            control = _directives("public", cdn.max_age_seconds, policy.stale)
            response.headers[cdn.control] = control
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
