"""Apps as steps: what they begin, send and close, and heads that must be refused."""

from telemetry.gunicorn.response import JOINED_BYTES

TEXT, FIVE = ("Content-Type", "text/plain"), ("Content-Length", "5")


def begin(status, *headers, exc_info=None):
    """Make a step that begins a response."""
    return lambda response: response.start_response(status, list(headers), exc_info)


def write(data):
    """Make a step that sends a part of the body."""
    return lambda response: response.write(data)


def hints(response):
    """Return the sender of early hints, gunicorn's or ours."""
    return getattr(response, "send_early_hints", None) or response.hints


def close(response):
    """End a response."""
    response.close()


def failing_late(response):
    """Replace a response whose head is sent already."""
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        info = (type(error), error, error.__traceback__)
    response.start_response("500 Failed", [], info)


class Text(str):
    """A text with another one behind ``str()``."""

    def __str__(self):
        return "evil\r\nA: b"

    __format__ = None


OK = "200 OK"
APPS = {
    "whole": [begin(OK, TEXT, FIVE), write(b"hello"), close],
    "chunked": [begin(OK, TEXT), write(b"hello"), write(b""), write(b"x" * 20), close],
    "empty": [begin(OK, TEXT, ("Content-Length", "0")), close],
    "empty part": [begin(OK, FIVE), write(b""), write(b"hello"), close],
    "nothing": [begin(OK), close],
    "large": [begin(OK), write(bytes(JOINED_BYTES + 1)), close],
    "large with a length": [
        begin(OK, ("Content-Length", str(JOINED_BYTES + 1))),
        write(bytes(JOINED_BYTES + 1)),
        close,
    ],
    "too much": [begin(OK, FIVE), write(b"hel"), write(b"lo you"), write(b"x"), close],
    "too little": [begin(OK, FIVE), write(b"hel"), close],
    "length in white space": [begin(OK, ("content-length", "\t5 ")), write(b"hello"), close],
    "negative length": [begin(OK, ("Content-Length", "-5")), write(b"hello"), close],
    "two lengths": [begin(OK, FIVE, ("Content-Length", "3")), write(b"hello"), close],
    "no length at all": [begin(OK, ("Content-Length", "five")), write(b"hello"), close],
    "204": [begin("204 No Content", FIVE), write(b"hello"), close],
    "304": [begin("304 Not Modified", FIVE), write(b"hello"), close],
    "101": [
        begin("101 Switching Protocols", ("Upgrade", "WebSocket"), ("Connection", "Upgrade")),
        write(b""),
        close,
    ],
    "upgrade to another protocol": [begin(OK, ("Upgrade", "h2c"), FIVE), write(b"hello"), close],
    "hop by hop": [
        begin(OK, ("Keep-Alive", "5"), ("Transfer-Encoding", "gzip"), ("TE", "a"), FIVE),
        write(b"hello"),
        close,
    ],
    "white space around a value": [begin(OK, ("A", " \tb\t "), FIVE), write(b"hello"), close],
    "value that is not ASCII": [begin("200 é", ("A", "é\xff"), FIVE), write(b"hello"), close],
    "no reason": [begin("200", FIVE), write(b"hello"), close],
    "subclass of str": [begin(OK, ("A", type("S", (str,), {})("b")), FIVE), close],
    "replaced before the head": [
        begin(OK),
        begin("500 Failed", FIVE, exc_info=(1, 2, 3)),
        write(b"hello"),
        close,
    ],
    "replaced after the head": [begin(OK), write(b"hello"), failing_late, close],
    "begun twice": [begin(OK), begin(OK)],
    "part that is a text": [begin(OK, FIVE), write("hello")],
    "part that is a bytearray": [begin(OK, FIVE), write(bytearray(b"hello"))],
    "early hints": [
        lambda response: hints(response)([("Link", "</a>; rel=preload"), (b"A", b" b ")]),
        lambda response: hints(response)([]),
        begin(OK, FIVE),
        write(b"hello"),
        lambda response: hints(response)([("Link", "</late>")]),
        close,
    ],
}
BROKEN = {
    f"{name!r}: {value!r}": [begin(OK, (name, value), FIVE), write(b"hello"), close]
    for name, value in [
        ("A", "b\r\nC: d"),
        ("A", "b\nC: d"),
        ("A", "b\r"),
        ("A", "b\0"),
        ("A", "\x7f"),
        ("A", "\u0100"),
        ("A", b"b"),
        ("A", None),
        ("A", 5),
        ("A\r\nB", "c"),
        ("A:", "b"),
        ("A B", "b"),
        ("", "b"),
        ("é", "b"),
        (b"A", "b"),
        (None, "b"),
        ("Content-Length", 5),
    ]
} | {
    f"status {status!r}": [begin(status, FIVE), write(b"hello"), close]
    for status in ["", "20 OK", "2000", "200 O\r\nA: b", "200  \n", b"200 OK", 200, None, "abc OK"]
}
