"""What clients and attackers send, byte for byte, and what each server must make of it.

One table for every server that we offer: gunicorn's worker, the standalone server and the
management port.
"""

from dataclasses import dataclass

from telemetry.http1.rules import Rule
from tests.telemetry.server.requests_as_sent.first_lines import LINES
from tests.telemetry.server.requests_as_sent.header_lines import FIELDS, FRAMING


@dataclass(frozen=True)
class Refused:
    """Bytes that no app may see.

    Args:
        name: What is wrong.
        sent: The bytes.
        rule: What they break.
    """

    name: str
    sent: bytes
    rule: Rule


REFUSED = [
    Refused(name, sent, rule)
    for table in (LINES, FIELDS, FRAMING)
    for rule, rows in table.items()
    for name, sent in rows.items()
]
