"""JSON of requests: in UTF-8, with each member once, and nothing that JSON does not have.

Pydantic reads bodies into models and does not notice a repeated member; two readers of one body
then disagree about what it asks for. So a body that it has accepted as JSON is read once more, for
its names only.

Source: RFC 8259 (JSON; section 8.1 for UTF-8 and the byte order mark); RFC 7493, section 2.3
(each name once).
"""

import codecs
import json
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

MEDIA_TYPE: Final = "application/json"
NOT_JSON: Final = "The body is not JSON."
REPEATED: Final = "The body has a member twice."
_CHARSETS: Final = frozenset({"utf-8", "utf8"})


class NotJsonContent(UnsupportedMediaType):
    """The content has another media type or charset; the response names the right one."""

    def get_headers(self, *arguments: Any, **named: Any) -> list[tuple[str, str]]:
        """Return the headers of the response, with the media type that is accepted."""
        name = "Accept-Patch" if request.method == "PATCH" else "Accept"
        return [*super().get_headers(*arguments, **named), (name, MEDIA_TYPE)]


def read() -> bytes:
    """Return the JSON of the current request, without a byte order mark.

    Raises:
        NotJsonContent: Its media type is not JSON, or its charset not UTF-8.
    """
    if not request.is_json:
        raise NotJsonContent("The body should be JSON with the Content-Type application/json.")
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.strip("'").lower() not in _CHARSETS:
        raise NotJsonContent("The body should be JSON in UTF-8.")
    return request.get_data().removeprefix(codecs.BOM_UTF8)


def require_strict(body: bytes) -> None:
    """Check what pydantic's reader lets pass.

    Args:
        body: JSON for pydantic, so it is UTF-8 and not deeply nested.

    Raises:
        BadRequest: A member is repeated, or a number is not valid JSON.
    """
    try:
        json.loads(
            body,
            object_pairs_hook=_names,
            parse_int=_ignore,
            parse_float=_ignore,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):  # two readers disagree: the stricter one is right
        raise BadRequest(NOT_JSON) from None


def _names(members: Sequence[tuple[str, Any]]) -> None:
    if len({name for name, _ in members}) < len(members):
        raise BadRequest(REPEATED)


def _ignore(_: str) -> None:
    """Read no number: one of many digits takes long, and is pydantic's to refuse."""


def _refuse_constant(_: str) -> NoReturn:
    raise BadRequest(NOT_JSON)
