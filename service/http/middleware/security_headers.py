"""Headers that keep browsers from doing with an answer what it was not made for.

A table of constants: nothing of a request changes them. A route that sends one of them itself keeps
its own, so a page may allow what it needs.

Source: OWASP Secure Headers Project and HTTP Headers Cheat Sheet; RFC 6797 for HSTS.
"""

from typing import Final

from flask import Flask, Response

HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The filter that "1" asks for was itself a way in; browsers that still have one should leave it
    # off.
    "X-XSS-Protection": "0",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Powered-By": "Serene",
}
# JSON needs nothing. A page of ours has its style in it, and loads nothing.
CONTENT_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_CONTENT_POLICY: Final = f"{CONTENT_POLICY}; style-src 'unsafe-inline'"
STRICT_TRANSPORT: Final = "max-age=31536000; includeSubDomains"
"""A year, the least that browsers' preload lists ask for."""


def install(app: Flask, *, in_production: bool) -> None:
    """Add the headers to every answer of an app.

    Args:
        app: Any.
        in_production: Ask browsers to come by HTTPS only from now on. Elsewhere that would lock a
            developer out of plain HTTP for a year.
    """
    fixed = HEADERS | ({"Strict-Transport-Security": STRICT_TRANSPORT} if in_production else {})

    @app.after_request
    def add(response: Response) -> Response:
        for name, value in fixed.items():
            response.headers.setdefault(name, value)
        policy = PAGE_CONTENT_POLICY if response.mimetype == "text/html" else CONTENT_POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
