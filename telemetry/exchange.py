"""One request and its response, as the iterable that a server sends and closes.

Source: PEP 3333, "The Application/Framework Side" and "Handling the ``start_response`` callable".
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

from telemetry.environ_keys import CLIENT_ENVIRON, HANDOVER_ENVIRON
from telemetry.requests.record import Outcome, RequestRecord
from telemetry.server import client_outcome
from telemetry.server.handover import end_after_handover, ended_by_app

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Write = Callable[[bytes], object]
StartResponse = Callable[..., Write]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

_NOTHING: Final[Iterator[bytes]] = iter(())


class Layer(Protocol):
    """What an exchange needs of the layer that made it."""

    def started(self, record: RequestRecord, status: str, headers: Headers) -> Headers:
        """Record a status line and return the headers to send."""

    def started_in_lines(self, record: RequestRecord, status: str) -> str | None:
        """Record a status line and return the headers to add, as whole lines.

        ``None`` where it takes ``started`` to know them.
        """

    def finish(self, record: RequestRecord, outcome: Outcome, error: BaseException | None) -> None:
        """Complete a record; a second call does nothing."""

    def resume(self, record: RequestRecord) -> None:
        """Go on with a record after a nested one has run in its greenlet."""


class Exchange:
    """One request and its response.

    Args:
        layer: Begins, completes and resumes records.
        record: Of the request.
        environ: Of the request.
        start_response: The server's.
    """

    __slots__ = (
        "_body",
        "_chunks",
        "_client",
        "_environ",
        "_error",
        "_exhausted",
        "_layer",
        "_outer",
        "_record",
        "_send",
        "_start_response",
        "_substitute",
    )

    def __init__(
        self,
        layer: Layer,
        record: RequestRecord,
        environ: Environ,
        start_response: StartResponse,
    ) -> None:
        self._layer = layer
        self._record = record
        self._environ = environ
        self._start_response = start_response
        self._client = environ.get(CLIENT_ENVIRON)
        self._body: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] = _NOTHING
        self._exhausted = False
        self._substitute: client_outcome.Substitute | None = None
        self._error: BaseException | None = None
        # An exception that the caller is already handling has nothing to do with this request.
        self._outer = sys.exception()

    def run(self, app: WsgiApp) -> Iterable[bytes]:
        """Call the app; returns the response."""
        self._record.in_app = True
        try:
            self._body = app(self._environ, self._start)
            if self._substitute is None:
                self._chunks = iter(self._body)
        except BaseException as error:
            if ended_by_app(self._environ, error, started=self._record.status is not None):
                self._finish(*end_after_handover(error))
            else:
                self._finish(self._end_failed(error), error)
            raise
        finally:
            self._record.in_app = False
        return self

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> Write:
        client = self._client
        if client is not None and client.too_slow is not None and self._substitute is None:
            self._substitute = client_outcome.substitute_for(client, self._record)
        if self._substitute is not None:
            status, headers, body = self._substitute
            self._chunks = iter((body,))
        start, lines = self._start_response, None
        if getattr(getattr(start, "__self__", None), "takes_lines", False):
            # Our own server, with nothing between that would change headers.
            lines = self._layer.started_in_lines(self._record, status)
        if lines is not None:
            self._send = start(status, headers, exc_info, lines)
            return self._write
        headers = self._layer.started(self._record, status, headers)
        if exc_info is None:
            self._send = self._start_response(status, headers)
        else:
            self._send = self._start_response(status, headers, exc_info)
        return self._write

    def _write(self, data: bytes) -> object:
        self._record.response_bytes += len(data)
        return self._send(data)

    def __iter__(self) -> Iterator[bytes]:
        record = self._record
        record.in_app = True
        try:
            for chunk in self._chunks:
                record.in_app = False
                record.response_bytes += len(chunk)
                yield chunk
                record.in_app = True
            self._exhausted = True
        except GeneratorExit:
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            record.in_app = False

    def close(self) -> None:
        """Complete the request: the server has sent the last byte, or gave up.

        The exception that the server is handling at this moment is the reason.
        """
        raised = sys.exception()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._error = self._error or error
            raise
        finally:
            record, client = self._record, self._client
            if (
                raised is self._outer
                and self._exhausted
                and self._error is None
                and record.status is not None
                and not record.error_type
                and (client is None or not client.gone)
            ):
                # As nearly always; ``_end_of_request`` returns the same at two calls more.
                self._finish(record.outcome or "completed", None)
            else:
                outcome, reason = self._end_of_request(None if raised is self._outer else raised)
                self._finish(outcome, reason)

    def __del__(self) -> None:
        # Servers close each response; code that calls the app inside the process often does not.
        if self._record.outcome is None and not sys.is_finalizing():
            self._complete()

    def _complete(self) -> None:
        outcome, error = self._end_of_request(None)
        self._finish(outcome, error)

    def _end_of_request(self, raised: BaseException | None) -> tuple[Outcome, BaseException | None]:
        record = self._record
        if raised is None and self._error is None and self._exhausted and record.status is not None:
            return record.outcome or client_outcome.end_of_sent(record, self._client), None
        if self._error is not None:
            return self._end_failed(self._error), self._error
        if isinstance(raised, OSError) or (raised is None and not self._exhausted):
            if not self._has_sent():
                self._record.status = None
            return client_outcome.outcome_by_client(raised) or "client_disconnected", raised
        if raised is not None:
            return self._end_failed(raised), raised
        if not ended_by_app(self._environ, None, started=False):
            error = RuntimeError("the app returned without starting a response")
            return self._end_failed(error), error
        return self._record.outcome or client_outcome.end_of_sent(self._record, self._client), None

    def _end_failed(self, error: BaseException) -> Outcome:
        """Return how a request ended whose response could not be made to its end.

        Where nothing of the app's response was sent, the server sends one of its own.
        """
        if not self._has_begun():
            self._record.status = client_outcome.status_of(error)
        return client_outcome.outcome_of(error)

    def _has_begun(self) -> bool:
        """Return whether a response was begun for the client: its status is the client's."""
        if self._client is not None:
            return bool(self._client.delivery.begun)
        return self._record.response_bytes > 0

    def _has_sent(self) -> bool:
        """Return whether the client may have received any of a response."""
        return self._client is None or self._client.delivery.response_bytes > 0

    def _finish(self, outcome: Outcome, error: BaseException | None) -> None:
        if self._record.response_bytes >= client_outcome.UNSENT_FROM_BYTES:
            client_outcome.note_unsent(self._record, self._client)
        handover = self._environ.get(HANDOVER_ENVIRON)
        if handover is not None and handover.taken:
            # Whatever the app returned or raised afterwards has not reached the client.
            self._record.status = handover.status
        self._layer.finish(self._record, outcome, error)
