"""Headers that keep browsers from misusing a response.

A table of constants, independent of the request. A route that sets one of them itself keeps its own
value, so a page may allow what it needs.

Source: OWASP Secure Headers Project and HTTP Headers Cheat Sheet; RFC 6797 for HSTS.
"""

from typing import Final

from flask import Flask, Response

HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The filter that "1" enables was itself an attack surface; browsers that still have it should
    # leave it off.
    "X-XSS-Protection": "0",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Powered-By": "Serene",
}
# JSON needs nothing. The HTML pages have inline styles and load nothing.
CONTENT_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_CONTENT_POLICY: Final = f"{CONTENT_POLICY}; style-src 'unsafe-inline'"
STRICT_TRANSPORT: Final = "max-age=31536000; includeSubDomains"
"""A year, the minimum of browsers' preload lists."""


def install(app: Flask, *, in_production: bool) -> None:
    """Add the headers to every response of an app.

    Args:
        app: The app.
        in_production: Send ``Strict-Transport-Security`` too. Elsewhere it would lock a developer
            out of plain HTTP for a year.
    """
    fixed = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT} if in_production else {})

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        policy = PAGE_CONTENT_POLICY if response.mimetype == "text/html" else CONTENT_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
