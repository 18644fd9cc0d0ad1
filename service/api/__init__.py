"""How a route says what it takes and what it answers: once, in a decorator that also checks it and
that the OpenAPI document is made from.

Nothing here knows a single route, and nothing here talks to the database.
"""

from service.api.answers import Instant, Model, answer
from service.api.links import Link, links_to
from service.api.operation import Answer, Operation, operation

__all__ = ["Answer", "Instant", "Link", "Model", "Operation", "answer", "links_to", "operation"]
