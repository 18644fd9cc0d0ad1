"""Runs a view in one causally consistent session.

Each read and each write of the view then waits until the member that takes it has what the view did
before: through another mongos too. A primary that an election has replaced never gets there, so it
cannot answer for its successor. The driver adds the time of the last operation to each command; a
server without such times (FerretDB, a single server) answers at once.

A session is for one greenlet at a time: a view that goes on in another one after its return, as a
stream does, must not run in it.

Source: MongoDB's manual, "Causal Consistency"; Causal Consistency specification (MongoDB drivers),
with DRIVERS-3274 for writes.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from pymongo import MongoClient

View = Callable[..., Any]


def in_session(client: "MongoClient[dict[str, Any]]", view: View) -> View:
    """Return a view whose operations are one session, which ends with its return."""

    @wraps(view)
    def in_one_session(**arguments: Any) -> Any:
        with client.start_session(causal_consistency=True).bind():
            return view(**arguments)

    return in_one_session
