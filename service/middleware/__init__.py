"""What stands around every route of the API, one module each, each with a switch of its own
(docs/middlewares.md has them in order).

What observes a request is telemetry's layer, outside of these. Routes say what is different for
them by decorators; a middleware reads the mark of the view that matched and knows no route.
"""

from service.middleware.body_limit import UPLOAD_BYTES, body_at_most
from service.middleware.caching import private, public
from service.middleware.stack import install
from service.middleware.versions import deprecated

__all__ = ["UPLOAD_BYTES", "body_at_most", "deprecated", "install", "private", "public"]
