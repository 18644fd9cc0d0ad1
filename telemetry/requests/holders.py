"""Who holds what others wait for, as plain facts from any thread."""

from typing import NamedTuple

from telemetry.requests.record import RequestRecord


class Holder(NamedTuple):
    """One connection that is out of its pool.

    Args:
        pool: Name of the pool.
        seconds: For how long it has been out.
        request: The request that has it; ``None`` for code outside of requests.
        connection: Its number in the pool.
        command: What the request waits for on it, without values; empty when for nothing.
    """

    pool: str
    seconds: float
    request: RequestRecord | None
    connection: int
    command: str = ""

    def __str__(self) -> str:
        holder = (
            f"request {self.request.request_id} ({self.request.method_label} {self.request.route})"
            if self.request is not None
            else "code outside of requests"
        )
        command = f", in {self.command}" if self.command else ""
        return (
            f"connection {self.connection} of {self.pool}: {holder}, for {self.seconds:.3f} s"
            f"{command}"
        )
