"""Builds requests, byte for byte."""

PATH = b"/health/liveness"
HOST = b"Host: serene.test\r\n"
END = b"\r\n"
SECOND = b"GET " + PATH + b"?second HTTP/1.1\r\n" + HOST + END
CANARY = b"canary-8d1f"


def request(*lines, line=b"GET " + PATH + b" HTTP/1.1", host=HOST):
    """Build a head from its lines."""
    return line + END + host + b"".join(each + END for each in lines) + END


def first(method=b"GET", target=PATH, version=b"HTTP/1.1"):
    """Build a head with that first line."""
    return request(line=b" ".join((method, target, version)))


def post(*lines, body=b"", version=b"HTTP/1.1"):
    """Build a request with a body."""
    return request(*lines, line=b"POST " + PATH + b" " + version) + body


def chunked(body):
    """Build a request with a body that is sent in chunks."""
    return post(b"Transfer-Encoding: chunked", body=body)
