"""Conditions of the current request, and the validators that they are compared with.

Reads are answered by a middleware (``middleware.conditions``), which compares what a response
carries. A write compares inside of the step that replaces the state, so its view passes the
conditions down. Where a view takes none, a write for certain versions only is refused: nothing
could show that the version is still there.

Source: RFC 9110, section 13.
"""

from datetime import datetime
from typing import Final

from flask import Response, request
from pydantic import Field
from werkzeug.exceptions import PreconditionFailed

from service.http import http_date
from service.http.preconditions import EntityTag, Preconditions, Validators
from service.http.responses import Model

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
NO_VERSIONS: Final = "Nothing here has a version that If-Match could name."


class WriteConditions(Model):
    """Conditions on what a write replaces or deletes."""

    if_match: str | None = Field(
        None,
        alias="If-Match",
        description="ETag of the state as the client read it; 412 if it has changed since.",
    )
    if_none_match: str | None = Field(
        None,
        alias="If-None-Match",
        description="`*` for a resource that must not exist yet; 412 if it does.",
    )
    if_unmodified_since: str | None = Field(
        None,
        alias="If-Unmodified-Since",
        description="`Last-Modified` as the client read it; ignored beside `If-Match`.",
    )

    def hold_for(self, current: Validators | None) -> bool:
        """Return whether the write may happen.

        Args:
            current: Of the state that is replaced; ``None`` when it does not exist.
        """
        conditions = Preconditions(self.if_match, self.if_unmodified_since, self.if_none_match)
        return conditions.outcome(current, is_read=False) == "proceed"


def add_validators(response: Response, current: Validators) -> Response:
    """Add ``ETag`` and ``Last-Modified``, and return the response."""
    if current.tag is not None:
        response.headers["ETag"] = str(current.tag)
    if current.last_modified is not None:
        response.headers["Last-Modified"] = http_date.write(current.last_modified)
    return response


def validators_of(response: Response) -> Validators | None:
    """Return the validators of a response; ``None`` when it has none."""
    opaque, is_weak = response.get_etag()
    modified = response.last_modified
    if opaque is None and modified is None:
        return None
    return Validators(EntityTag(opaque, bool(is_weak)) if opaque is not None else None, modified)


def exact_date(instant: datetime | None, now: datetime) -> datetime | None:
    """Return an instant of modification if its date can be sent as ``Last-Modified``.

    Within the second of a change another one may follow under the same date, so that second has no
    date that a client could rely on.

    Source: RFC 9110, section 8.8.2.2.
    """
    if instant is None or int(instant.timestamp()) >= int(now.timestamp()):
        return None
    return instant


def refuse_conditions_on_versions() -> None:
    """Refuse a write that is for certain versions only, in a view that compares none.

    Raises:
        PreconditionFailed: The request has ``If-Match`` with tags.
    """
    is_for_some = "HTTP_IF_MATCH" in request.environ and request.method not in SAFE_METHODS
    if is_for_some and Preconditions.of(request.environ).requires_version:
        raise PreconditionFailed(NO_VERSIONS)
