"""Bodies whose framing is broken, as they are sent."""

from telemetry.http1 import rules
from tests.telemetry.server.requests_as_sent.build import SECOND, chunked

BODIES = {
    rules.CHUNK_SIZE: {
        name: chunked(body)
        for name, body in {
            "size with 0x": b"0x5\r\nhello\r\n0\r\n\r\n",
            "signed size": b"+5\r\nhello\r\n0\r\n\r\n",
            "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
            "space before the size": b" 5\r\nhello\r\n0\r\n\r\n",
            "space after the size": b"5 \r\nhello\r\n0\r\n\r\n",
            "no size": b"\r\nhello\r\n0\r\n\r\n",
            "no hexadecimal digit": b"g\r\nhello\r\n0\r\n\r\n",
            "underscore in the size": b"1_0\r\nhello\r\n0\r\n\r\n",
            "extension without a size": b";a\r\nhello\r\n0\r\n\r\n",
            "size of 64 bits": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
            "size with zeros in front": b"0" * 30 + b"5\r\nhello\r\n0\r\n\r\n",
            "size that is not ASCII": "\u0665\r\nhello\r\n0\r\n\r\n".encode(),
            "chunk is longer than its size": b"5\r\nhello\r\nz\r\n",
            "NUL in the size": b"5\x00\r\nhello\r\n0\r\n\r\n",
        }.items()
    },
    rules.CHUNK_END: {
        name: chunked(body)
        for name, body in {
            "LF after the size": b"5\nhello\r\n0\r\n\r\n",
            "LF after the chunk": b"5\r\nhello\n0\r\n\r\n\r\n",
            "no CRLF after the chunk": b"5\r\nhello0\r\n\r\n",
            "long chunk": b"5\r\nhello, world\r\n0\r\n\r\n",
            "LF after the last chunk": b"5\r\nhello\r\n0\n\r\n",
            "LF after the trailers": b"5\r\nhello\r\n0\r\n\n",
            "LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        }.items()
    },
    rules.CHUNK_EXTENSION: {
        name: chunked(body)
        for name, body in {
            "CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
            "NUL in an extension": b"5;a\x00\r\nhello\r\n0\r\n\r\n",
            "empty extension": b"5;\r\nhello\r\n0\r\n\r\n",
            "extension without a value": b"5;a=\r\nhello\r\n0\r\n\r\n",
            "open quotation mark": b'5;a="b\r\nhello\r\n0\r\n\r\n',
            "long extension": b"5;a=" + b"b" * 1_000 + b"\r\nhello\r\n0\r\n\r\n",
            "endless extension": b"5;a=" + b"b" * 100_000,
            "many extensions": (b"1;a=" + b"b" * 400 + b"\r\nx\r\n") * 60 + b"0\r\n\r\n",
        }.items()
    },
    rules.TRAILER: {
        name: chunked(b"5\r\nhello\r\n0\r\n" + trailers)
        for name, trailers in {
            "length as trailer": b"Content-Length: 5\r\n\r\n",
            "coding as trailer": b"Transfer-Encoding: chunked\r\n\r\n",
            "Host as trailer": b"Host: evil.test\r\n\r\n",
            "authorization as trailer": b"Authorization: Bearer a\r\n\r\n",
            "cookie as trailer": b"cookie: a=b\r\n\r\n",
            "type as trailer": b"Content-Type: text/html\r\n\r\n",
            "encoding as trailer": b"Content-Encoding: gzip\r\n\r\n",
            "trailer as trailer": b"Trailer: a\r\n\r\n",
            "many trailers": b"A: b\r\n" * 100 + b"\r\n",
            "long trailer": b"A: " + b"b" * 9_000 + b"\r\n\r\n",
            "endless trailer": b"A: " + b"b" * 100_000,
            "trailer without colon": b"nonsense\r\n\r\n",
            "folded trailer": b"A: b\r\n c\r\n\r\n",
            "space before the colon of a trailer": b"A : b\r\n\r\n",
            "NUL in a trailer": b"A: \x00\r\n\r\n",
            "request as trailer": SECOND,
        }.items()
    },
}
