"""A request that is made within another one: a test client in a view, a dispatcher.

It has a record and a context of its own, and the outer one's are as they were whenever control is
back in it: after the call, between two parts of the inner response, and when that is never closed.
"""

from collections.abc import Callable, Iterable, Iterator
from contextvars import Context, copy_context
from typing import Final, ParamSpec, TypeVar

from telemetry.environ_keys import RECORD_ENVIRON, REQUEST_ID_ENVIRON
from telemetry.exchange import Environ, Exchange, Layer, StartResponse, WsgiApp
from telemetry.requests.record import Outcome, RequestRecord

_IDS: Final = (RECORD_ENVIRON, REQUEST_ID_ENVIRON)

P = ParamSpec("P")
T = TypeVar("T")


class NestedExchange(Exchange):
    """A request that is made within another one, in the same process.

    Args:
        layer: See ``Exchange``.
        record: See ``Exchange``.
        environ: See ``Exchange``.
        start_response: See ``Exchange``.
        outer: The request that makes it.
    """

    __slots__ = ("_before", "_context", "_entered", "_outer_record", "_own")

    def __init__(
        self,
        layer: Layer,
        record: RequestRecord,
        environ: Environ,
        start_response: StartResponse,
        outer: RequestRecord,
    ) -> None:
        super().__init__(layer, record, environ, start_response)
        self._context: Context = copy_context()
        self._entered = False
        self._outer_record = outer
        # The view may have passed its own environ on.
        self._before = self._own = _ids_in(environ)

    def begin(self, begin: Callable[[RequestRecord, Environ], None]) -> None:
        """Begin the record in a context of its own."""
        self._inside(begin, self._record, self._environ)

    def run(self, app: WsgiApp) -> Iterable[bytes]:
        """See ``Exchange.run``."""
        return self._inside(super().run, app)

    def __iter__(self) -> Iterator[bytes]:
        parts = super().__iter__()
        while (chunk := self._inside(next, parts, None)) is not None:
            yield chunk
        self._complete()  # without waiting for a close that may never come

    def close(self) -> None:
        """See ``Exchange.close``."""
        self._inside(super().close)

    def _complete(self) -> None:
        self._inside(super()._complete)

    def _end_of_request(self, raised: BaseException | None) -> tuple[Outcome, BaseException | None]:
        outcome, error = super()._end_of_request(raised)
        # No client is gone: the caller needed no more of the response.
        unread = outcome == "client_disconnected" and error is None
        return ("failed" if self._record.error_type else "completed") if unread else outcome, error

    def _has_begun(self) -> bool:
        # What was begun for the client is the outer request's.
        return self._record.response_bytes > 0

    def _has_sent(self) -> bool:
        return True

    def _inside(self, call: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Call in the context of this request, and restore the outer one's."""
        if self._entered:  # closed by another greenlet while it runs
            return call(*args, **named)
        self._entered = True
        self._environ.update(self._own)
        self._layer.resume(self._record)
        try:
            return self._context.run(call, *args, **named)
        finally:
            self._entered = False
            self._own = _ids_in(self._environ)
            self._environ.update(self._before)
            self._layer.resume(self._outer_record)


def _ids_in(environ: Environ) -> Environ:
    return {key: environ[key] for key in _IDS if key in environ}
