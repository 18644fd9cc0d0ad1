"""The requests of one connection, in their order."""

from typing import Any

from gunicorn.http.body import LengthReader
from gunicorn.http.parser import RequestParser

from telemetry.gunicorn.parser_settings import ParserSettings
from telemetry.gunicorn.request import StrictRequest
from telemetry.gunicorn.unreader import BytesUnreader
from telemetry.http1.rules import MalformedBody


class StrictParser(RequestParser):  # type: ignore[misc]
    """The requests of one connection, which ends where the end of a body cannot be found.

    Args:
        settings: Of the worker.
        sock: The client's.
        peer: Its address.
    """

    mesg_class = StrictRequest
    mesg: StrictRequest | None

    def __init__(self, settings: ParserSettings, sock: Any, peer: Any) -> None:
        super().__init__(settings, sock, peer)
        self.unreader = BytesUnreader(sock)

    def __next__(self) -> StrictRequest:
        """Parse the next request; as gunicorn's own, without what is the same for each."""
        before = self.mesg
        if before is not None and (before.should_close() or not self.finish_body()):
            raise StopIteration
        self.req_count += 1
        request = self.mesg = StrictRequest(
            self.cfg, self.unreader, self.source_addr, self.req_count
        )
        return request

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:
        """Discard what the app left of a body; returns whether the next request can be found."""
        request = self.mesg
        if request is not None:
            if not request.has_body:
                return True
            reader = request.body.reader
            if not request.body.failed and isinstance(reader, LengthReader) and not reader.length:
                return True
        try:
            return bool(super().finish_body(deadline, max_bytes))
        except MalformedBody:
            return False
