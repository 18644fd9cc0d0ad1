"""Conditions of requests: which a client sent, and whether they hold for a representation.

Nothing here depends on Flask. Tags of the encodings of one state count as that state's own tag (see
``ENCODINGS``). A field of conditions that is malformed never holds: an ``If-Match`` with it fails,
so nothing is overwritten, and an ``If-None-Match`` with it matches nothing.

Source: RFC 9110, sections 8.8.3.2 (comparison), 13.1 (fields) and 13.2.2 (precedence).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from service.http import http_date

Outcome = Literal["proceed", "not_modified", "failed"]

ENCODINGS: Final = ("zstd", "br", "gzip")
"""Content codings; the strong tag of an encoded representation ends with ``-`` and its coding."""

FIELDS: Final = {
    "HTTP_IF_MATCH": "if_match",
    "HTTP_IF_UNMODIFIED_SINCE": "if_unmodified_since",
    "HTTP_IF_NONE_MATCH": "if_none_match",
    "HTTP_IF_MODIFIED_SINCE": "if_modified_since",
}
"""WSGI's name of each field, with the member of ``Preconditions`` that holds it."""

_ANY: Final = "*"
_TAG: Final = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_BETWEEN: Final = re.compile(r"[ \t,]*")
_AFTER: Final = re.compile(r"[ \t]*(?:,|$)")
_SUFFIX: Final = re.compile(rf"-(?:{'|'.join(ENCODINGS)})$")


@dataclass(frozen=True, slots=True)
class EntityTag:
    """One entity tag.

    Args:
        opaque: Without its quotes.
        is_weak: Representations with this tag are equivalent, not identical.
    """

    opaque: str
    is_weak: bool = False

    def __str__(self) -> str:
        """Return the tag as in a field."""
        return f'{"W/" if self.is_weak else ""}"{self.opaque}"'

    @property
    def state(self) -> str:
        """The opaque part without the suffix of an encoding."""
        return self.opaque if self.is_weak else _SUFFIX.sub("", self.opaque)


@dataclass(frozen=True, slots=True)
class Validators:
    """What a representation is compared by.

    Args:
        tag: ``None`` when it has none.
        last_modified: In UTC; ``None`` when it is unknown.
    """

    tag: EntityTag | None
    last_modified: datetime | None = None


def parse_tags(value: str) -> tuple[EntityTag, ...] | None:
    """Return the tags of a list; ``None`` when it is malformed. Empty elements are ignored."""
    tags: list[EntityTag] = []
    at = _BETWEEN.match(value).end()  # type: ignore[union-attr]  # it matches nothing, too
    while at < len(value):
        found = _TAG.match(value, at)
        after = found and _AFTER.match(value, found.end())
        if not found or not after:
            return None
        tags.append(EntityTag(found[2], found[1] is not None))
        at = _BETWEEN.match(value, after.end()).end()  # type: ignore[union-attr]
    return tuple(tags) or None


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditions of one request; a member is ``None`` when its field is absent."""

    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None

    @classmethod
    def of(cls, environ: Mapping[str, object]) -> "Preconditions":
        """Return the conditions of a request.

        Args:
            environ: WSGI's; several lines of one field are one value, with commas between them.
        """
        return cls(
            **{member: str(environ[name]) for name, member in FIELDS.items() if name in environ}
        )

    @property
    def requires_version(self) -> bool:
        """Whether the request is only for certain versions of its target."""
        return self.if_match is not None and self.if_match.strip(" \t") != _ANY

    def outcome(self, current: Validators | None, *, is_read: bool) -> Outcome:
        """Evaluate the conditions in their order of precedence.

        Args:
            current: Of the representation; ``None`` when the resource does not exist.
            is_read: The method is GET or HEAD.
        """
        if self.if_match is not None:
            if not _matches(self.if_match, current, strong=True):
                return "failed"
        elif _is_modified_since(self.if_unmodified_since, current) is True:
            return "failed"
        if self.if_none_match is not None:
            if _matches(self.if_none_match, current, strong=False):
                return "not_modified" if is_read else "failed"
        elif is_read and _is_modified_since(self.if_modified_since, current) is False:
            return "not_modified"
        return "proceed"

    def tag_of_copy(self, current: Validators) -> EntityTag | None:
        """Return the tag of the client's copy, for a 304: perhaps that of an encoding."""
        copies = parse_tags(self.if_none_match or "") or ()
        state = current.tag.state if current.tag and not current.tag.is_weak else None
        same = (one for one in copies if not one.is_weak and one.state == state)
        return next(same, current.tag)


def range_holds(if_range: str | None, current: Validators) -> bool:
    """Return whether a range may be sent: the representation is the one that ``If-Range`` names.

    Args:
        if_range: Value of the field; ``None`` when it is absent.
        current: Of the representation; its date is exact.

    Source: RFC 9110, section 13.1.5: the strong comparison, and a date that is equal.
    """
    if if_range is None:
        return True
    tags = parse_tags(if_range)
    if tags is not None:
        return len(tags) == 1 and not tags[0].is_weak and tags[0] == current.tag
    date = http_date.parse(if_range, datetime.now(UTC))
    return date is not None and date == _to_the_second(current.last_modified)


def _matches(value: str, current: Validators | None, *, strong: bool) -> bool:
    if current is None:
        return False
    if value.strip(" \t") == _ANY:
        return True
    tag = current.tag
    if tag is None or (strong and tag.is_weak):
        return False
    return any(
        one.state == tag.state and not (strong and one.is_weak) for one in parse_tags(value) or ()
    )


def _is_modified_since(value: str | None, current: Validators | None) -> bool | None:
    """Return whether it was modified after a date; ``None`` when either is unknown."""
    modified = _to_the_second(current.last_modified) if current else None
    date = http_date.parse(value, datetime.now(UTC)) if value is not None else None
    return None if modified is None or date is None else modified > date


def _to_the_second(instant: datetime | None) -> datetime | None:
    return instant and instant.replace(microsecond=0)
