"""Requests within the rules, as they are sent."""

from tests.telemetry.server.requests_as_sent.build import (
    END,
    PATH,
    SECOND,
    chunked,
    first,
    post,
    request,
)

KEPT = {
    "plain": SECOND,
    "no value": request(b"A:"),
    "no white space after the colon": request(b"A:b"),
    "white space around a value": request(b"A: \t b \t "),
    "value that is not ASCII": request("A: é".encode()),
    "colon in a value": request(b"A: b:c"),
    "every character of a token": request(b"!#$%&'*+-.^`|~09azAZ: b"),
    "header with underscore": request(b"X_Forwarded_For: 203.0.113.7"),
    "length with white space around": request(b"Content-Length:  0 "),
    "length with zeros in front": request(b"Content-Length: 000"),
    "Host with a port": request(host=b"Host: serene.test:8000\r\n"),
    "Host with an empty port": request(host=b"Host: serene.test:\r\n"),
    "Host with the largest port": request(host=b"Host: serene.test:65535\r\n"),
    "Host as IPv4": request(host=b"Host: 127.0.0.1\r\n"),
    "Host as IPv6": request(host=b"Host: [::1]:80\r\n"),
    "Host in capital letters": request(host=b"HOST:SERENE.TEST\r\n"),
    "Host with underscore": request(host=b"Host: my_service\r\n"),
    "Host with a point at the end": request(host=b"Host: serene.test.\r\n"),
    "Host in punycode": request(host=b"Host: xn--srne-6qa.test\r\n"),
    "URL as target": first(target=b"http://serene.test" + PATH),
    "URL with another host": first(target=b"http://other.test" + PATH),
    "URL in capital letters": first(target=b"HTTP://SERENE.TEST" + PATH),
    "URL with a port": first(target=b"http://serene.test:8000" + PATH),
    "URL with https": first(target=b"https://serene.test" + PATH),
    "query": first(target=PATH + b"?a=b&c=d%20e"),
    "query with a question mark": first(target=PATH + b"?a=?"),
    "query as browsers send it": first(target=PATH + b"?a=[1]{2}|^`\\"),
    "query with a URL": first(target=PATH + b"?next=http://evil.test/"),
    "escape in the path": first(target=b"/health/%6civeness"),
    "empty line first": END + SECOND,
    "two empty lines first": END * 2 + SECOND,
    "later version": first(version=b"HTTP/1.9"),
    "HEAD": first(method=b"HEAD"),
    "unknown option of the connection": request(b"Connection: x"),
    "option that names a header": request(b"Connection: X-Forwarded-For, Host"),
    "two options": request(b"Connection: keep-alive, x"),
    "upgrade to h2c": request(
        b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"
    ),
    "most headers": request(*(b"A%d: b" % number for number in range(99))),
    "long header": request(b"A: " + b"b" * 8_000),
    "OPTIONS *": first(method=b"OPTIONS", target=b"*"),
    "OPTIONS with a URL without path": first(method=b"OPTIONS", target=b"http://serene.test"),
    "expectation without a body": request(b"Expect: 100-Continue"),
}
"""Requests that are answered, and after which the connection serves another."""

CLOSED = {
    "HTTP/1.0": first(version=b"HTTP/1.0"),
    "HTTP/1.0 without Host": b"GET " + PATH + b" HTTP/1.0" + END + END,
    "close": request(b"Connection: close"),
    "close in capital letters": request(b"Connection: CLOSE"),
    "close among others": request(b"Connection: x, close"),
    "close before others": request(b"Connection: close,x"),
    "close in the second header": request(b"Connection: keep-alive", b"Connection: close"),
    "close and keep-alive": request(b"Connection: close, keep-alive"),
    "other option in HTTP/1.0": request(b"Connection: x", line=b"GET " + PATH + b" HTTP/1.0"),
}
"""Requests that are answered, and after which the connection ends."""

READ = {
    "length": post(b"Content-Length: 5", body=b"hello"),
    "chunks": chunked(b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"),
    "coding in capital letters": post(
        b"Transfer-Encoding: CHUNKED", body=b"5\r\nhello\r\n0\r\n\r\n"
    ),
    "white space around the coding": post(
        b"Transfer-Encoding: \t chunked \t", body=b"5\r\nhello\r\n0\r\n\r\n"
    ),
    "size with capital letters": chunked(b"A\r\nhellohello\r\n0\r\n\r\n"),
    "size with a zero in front": chunked(b"05\r\nhello\r\n00\r\n\r\n"),
    "extensions": chunked(b'5;a;b=c ; d="e;\\"f"\r\nhello\r\n0;g\r\n\r\n'),
    "trailers": chunked(b"5\r\nhello\r\n0\r\nX-Checksum: a\r\nB: c\r\n\r\n"),
    "one byte a chunk": chunked(b"1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n"),
    "no body": post(b"Content-Length: 0"),
    "no chunks": chunked(b"0\r\n\r\n"),
    "body that resembles a request": post(b"Content-Length: %d" % len(SECOND), body=SECOND),
    "CRLF after the body": post(b"Content-Length: 5", body=b"hello") + END,
}
"""Requests with a body, after which the connection serves another."""
