"""What stands around every route of the API, one module each, each with a switch of its own
(docs/middlewares.md has them in order).

What observes a request is telemetry's layer, outside of these. Routes say what is different for
them by decorators; a middleware reads the mark of the view that matched and knows no route.
"""

from service.http.middleware.body_limit import UPLOAD_BYTES, body_at_most
from service.http.middleware.caching import private, public
from service.http.middleware.stack import install
from service.http.middleware.versions import deprecated

__all__ = ["UPLOAD_BYTES", "body_at_most", "deprecated", "install", "private", "public"]
