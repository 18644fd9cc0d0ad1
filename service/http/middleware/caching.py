"""Who may keep an answer, and for how long.

Nobody may, unless its route says so; and whoever sends a token gets an answer that nobody keeps,
unless its route says ``private``. An answer that may be kept has an ETag, and whoever has it
already is told so instead of being sent it again.

Source: RFC 9111 (caching), RFC 5861 (``stale-while-revalidate``), RFC 9110, sections 8.8.3 and
13.1.2 (ETag, If-None-Match).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Response, request

from service.http.openapi import extras
from service.http.view_option import Mark, View

NEVER: Final = "no-store"
NEVER_OF_A_TOKEN: Final = "private, no-store"

_OF_CONTENT: Final = (200, 206, 304)


@dataclass(frozen=True, slots=True)
class _Policy:
    directives: str
    of_a_token: str


_POLICY: Final = Mark[_Policy]("caching")


def public(
    *, max_age_seconds: int, stale_while_revalidate_seconds: int = 0
) -> Callable[[View], View]:
    """Mark a route whose answers are the same for everyone. To a request with a token they are
    still ``private, no-store``.

    Args:
        max_age_seconds: How long an answer is fresh.
        stale_while_revalidate_seconds: How much longer it may be used while a new one is fetched.
    """
    return _POLICY.put(
        _Policy(
            _directives("public", max_age_seconds, stale_while_revalidate_seconds), NEVER_OF_A_TOKEN
        )
    )


def private(
    *, max_age_seconds: int, stale_while_revalidate_seconds: int = 0
) -> Callable[[View], View]:
    """Mark a route whose answers the asking client alone may keep, with a token or without.

    Args:
        max_age_seconds: How long an answer is fresh; with 0 the client asks each time, and is told
            when nothing has changed.
        stale_while_revalidate_seconds: How much longer it may be used while a new one is fetched.
    """
    directives = _directives("private", max_age_seconds, stale_while_revalidate_seconds)
    return _POLICY.put(_Policy(directives, directives))


def _directives(who: str, max_age_seconds: int, stale_seconds: int) -> str:
    if max_age_seconds < 0 or stale_seconds < 0:
        raise ValueError("caching: times should not be negative")
    return f"{who}, max-age={max_age_seconds}" + (
        f", stale-while-revalidate={stale_seconds}" if stale_seconds else ""
    )


def install(app: Flask) -> None:
    """Say on every answer of an app who may keep it; one that says so itself is left alone.

    Args:
        app: Any.
    """

    extras.contribute(app, _documented)

    @app.after_request
    def say(response: Response) -> Response:
        if "Cache-Control" in response.headers:
            return response
        policy = _POLICY.of_request()
        has_token = "Authorization" in request.headers
        if (
            policy is None
            or response.status_code not in _OF_CONTENT
            or request.method not in ("GET", "HEAD")
        ):
            response.headers["Cache-Control"] = NEVER_OF_A_TOKEN if has_token else NEVER
            return response
        response.headers["Cache-Control"] = policy.of_a_token if has_token else policy.directives
        response.vary.add("Authorization")
        if (
            response.status_code == 200
            and not response.is_streamed
            and not (has_token and policy.of_a_token == NEVER_OF_A_TOKEN)
        ):
            response.add_etag(weak=True)
            response.make_conditional(request)
        return response


_HEADERS: Final = {
    "Cache-Control": "Who may keep the answer, and for how long.",
    "Vary": "The headers of the request that the answer depends on.",
    "ETag": "Of the answer as it is now; send it as `If-None-Match` the next time. None when nobody may keep the answer.",
}
_NOT_MODIFIED: Final = {304: "As it was: `If-None-Match` has its ETag."}


def _documented(view: Callable[..., Any], method: str) -> extras.Note | None:
    return (
        extras.Note(headers=_HEADERS, answers=_NOT_MODIFIED)
        if _POLICY.of(view) and method == "GET"
        else None
    )
