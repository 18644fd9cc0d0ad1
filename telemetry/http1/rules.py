"""The rules that a request can break, each with its status and its words.

The words are for the client's developer and for the log; they repeat nothing of what was sent, so
both may see them.

Source: RFC 9110, section 15 for the statuses; RFC 9112 for the rules.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        status: Of the response to a request that breaks it.
        detail: One sentence: what the request must be, or what is not supported.
    """

    status: HTTPStatus
    detail: str


class BrokenRule(Exception):
    """A request that is refused before an app sees it; its connection ends.

    Args:
        rule: What it breaks.
    """

    def __init__(self, rule: Rule) -> None:
        super().__init__(rule.detail)
        self.rule = rule


class MalformedBody(BrokenRule, OSError):
    """A body whose framing is broken, found while the app reads it.

    It is an ``OSError`` because that is what frameworks expect of a body that cannot be read.
    """


def _bad(detail: str) -> Rule:
    return Rule(HTTPStatus.BAD_REQUEST, detail)


# The first line.
TLS: Final = _bad("This port does not speak TLS.")
FIRST_BYTE: Final = _bad("The first byte cannot begin an HTTP request.")
EMPTY_LINES: Final = _bad("Too many empty lines precede the request.")
REQUEST_LINE: Final = _bad("The first line must be METHOD TARGET VERSION.")
LINE_END: Final = _bad("Each line of a request's head must end with CRLF.")
VERSION: Final = Rule(
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Only HTTP/1.0 and HTTP/1.1 are supported."
)
METHOD_CASE: Final = Rule(
    HTTPStatus.NOT_IMPLEMENTED, "Methods are case-sensitive, and those here have capital letters."
)
CONNECT: Final = Rule(HTTPStatus.NOT_IMPLEMENTED, "This server is not a proxy.")
LINE_LENGTH: Final = Rule(HTTPStatus.REQUEST_URI_TOO_LONG, "The URL is too long.")
TARGET: Final = _bad("The target must be a path, an http or https URL, or * with OPTIONS.")
TARGET_CHARACTERS: Final = _bad(
    "The target must be visible ASCII without fragment, and its path without backslash."
)
TARGET_AUTHORITY: Final = _bad("The target's host must be HOST or HOST:PORT, without user.")

# The fields.
FIELD_LINE: Final = _bad("A header line must be NAME: VALUE.")
FIELD_NAME: Final = _bad("A header's name must be a token, and the colon must follow it.")
FIELD_VALUE: Final = _bad("A header's value must have no control character.")
FOLDING: Final = _bad("A header line must not begin with white space.")
FIELDS_SIZE: Final = Rule(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "The headers are too many, or one of them is too large.",
)
REPEATED: Final = _bad("A header that has one value only is repeated.")
HOST_ABSENT: Final = _bad("An HTTP/1.1 request must have a Host header.")
HOST_REPEATED: Final = _bad("A request must have one Host header only.")
HOST: Final = _bad("The Host header must be HOST or HOST:PORT.")
EXPECTATION: Final = Rule(
    HTTPStatus.EXPECTATION_FAILED, "What the client expects is not known here."
)
SCHEME: Final = _bad("The headers of the proxy disagree on the scheme.")
SCRIPT_NAME: Final = _bad("The path is not below the SCRIPT_NAME of this request.")
PROXY_LINE: Final = _bad("The line of the proxy protocol cannot be read.")
PROXY_FORBIDDEN: Final = Rule(
    HTTPStatus.FORBIDDEN, "This client must not speak the proxy protocol."
)

HEAD_TIME: Final = Rule(HTTPStatus.REQUEST_TIMEOUT, "The request's head took too long to arrive.")

# The framing of the body.
LENGTH: Final = _bad("Content-Length must be one number in decimal digits.")
LENGTH_SIZE: Final = Rule(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "No body can be as long as that.")
LENGTH_AND_CODING: Final = _bad(
    "A request must not have both Content-Length and Transfer-Encoding."
)
CODING: Final = _bad("Transfer-Encoding must be chunked, once.")
CODING_UNKNOWN: Final = Rule(HTTPStatus.NOT_IMPLEMENTED, "The transfer coding is not known here.")
CODING_VERSION: Final = _bad("An HTTP/1.0 request must not have a Transfer-Encoding.")

# The body.
CHUNK_SIZE: Final = _bad("A chunk's size must be hexadecimal digits.")
CHUNK_EXTENSION: Final = _bad("A chunk's extensions must be ;NAME or ;NAME=VALUE, and short.")
CHUNK_END: Final = _bad("A chunk must end with CRLF.")
TRAILER: Final = _bad("The trailers must be few valid headers that may stand in a trailer.")
BODY_TIME: Final = Rule(
    HTTPStatus.REQUEST_TIMEOUT, "The request's body took too long to arrive, or came too slowly."
)
BODY_ENDED: Final = _bad("The connection ended before the body did.")

UNREADABLE: Final = _bad("The request cannot be read.")

WORKER_FULL: Final = Rule(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Too many connections are being served; send the request again.",
)
ADDRESS_FULL: Final = Rule(
    HTTPStatus.TOO_MANY_REQUESTS,
    "Too many connections are open from this address; close some of them.",
)

SERVER_FAILED: Final = Rule(
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong on our side. The request id finds what it was.",
)
