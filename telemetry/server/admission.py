"""How many connections a process serves: altogether, and from one address.

A full worker first ends the connection that has been idle for longest, as its client can open
another at any time. Only when every connection is at work is a new one refused, with an answer.
"""

import contextlib
import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import uuid4

from telemetry import names
from telemetry.http1 import rules
from telemetry.http1.refusals import problem_response
from telemetry.http1.rules import Rule
from telemetry.metrics import Metrics
from telemetry.requests.addresses import UNIX_PEER
from telemetry.server.connections import Connections
from telemetry.sockets import begin_lingering_close

REFUSALS_AT_ONCE: Final = 64
"""Greenlets of a server's pool beyond its connections, in which refusals are sent."""

LINGER_SECONDS: Final = 1.0
LINGER_BYTES: Final = 64 * 1024
SEND_SECONDS: Final = 1.0
RETRY_AFTER: Final = "Retry-After: 1"

_log = logging.getLogger("access")


def origin_of(address: str) -> str:
    """Return by what the connections of an address are counted.

    A host or a home has a whole /64 of IPv6, so that an address of its own is no bound.

    Source: RFC 6177, section 2 (assignments to end sites).
    """
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a connection is not served.

    Args:
        reason: Label of the counter.
        rule: Gives the response.
    """

    reason: Literal["worker", "address"]
    rule: Rule


WORKER_FULL: Final = Refusal("worker", rules.WORKER_FULL)
ADDRESS_FULL: Final = Refusal("address", rules.ADDRESS_FULL)


class Admission:
    """Decides whether a connection is served, and answers those that are not.

    Args:
        connections: The open ones.
        metrics: Holds the counter.
        per_worker: Most connections.
        per_address: Most connections from one address.
        is_trusted_proxy: Whether an address is a proxy's, behind which many clients are.
    """

    def __init__(
        self,
        connections: Connections,
        metrics: Metrics,
        *,
        per_worker: int,
        per_address: int,
        is_trusted_proxy: Callable[[str], bool],
    ) -> None:
        self._connections = connections
        self._counters = metrics.counters(names.REFUSED_CONNECTIONS)
        self._per_worker = per_worker
        self._per_address = per_address
        self._is_trusted_proxy = is_trusted_proxy

    def refusal(self, address: str, origin: str) -> Refusal | None:
        """Return why a new connection is refused; ``None`` when it is served.

        Args:
            address: The peer's; one on a Unix socket has none, and no bound.
            origin: By what connections are counted; see ``origin_of``.
        """
        if (
            address != UNIX_PEER
            and self._connections.open_from(origin) >= self._per_address
            and not self._is_trusted_proxy(address)
        ):
            return ADDRESS_FULL
        if self._connections.open < self._per_worker or self._connections.end_longest_idle():
            return None
        return WORKER_FULL

    def refuse(self, client: Any, address: str, refusal: Refusal) -> None:
        """Answer, count and log a connection that is not served.

        Args:
            client: Its socket; the caller closes it.
            address: The peer's.
            refusal: What ``refusal`` returned.
        """
        request_id = str(uuid4())
        self._counters[(refusal.reason,)].inc()
        fields = {
            "status": refusal.rule.status.value,
            "reason": refusal.reason,
            "request_id": request_id,
            "client_address": address,
        }
        _log.info("connection refused", extra={"fields": fields})
        with contextlib.suppress(OSError):
            client.settimeout(SEND_SECONDS)
            client.sendall(problem_response(refusal.rule, request_id, RETRY_AFTER))
            begin_lingering_close(client, seconds=LINGER_SECONDS, most_bytes=LINGER_BYTES)
