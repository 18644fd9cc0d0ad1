"""Middlewares around every route of the API: one module each, each with a switch of its own.

``docs/middlewares.md`` has them in order. Telemetry's layer is outside of them. A decorator sets a
route's options; a middleware reads the options of the current view and knows no route.
"""

from service.http.middleware.body_limit import body_at_most
from service.http.middleware.caching import private, public
from service.http.middleware.stack import install
from service.http.middleware.versions import deprecated

__all__ = ["body_at_most", "deprecated", "install", "private", "public"]
