"""The address of the client that the current request comes from."""

from flask import request

from telemetry import current_record


def client_address() -> str:
    """Return the client's address: the one that a trusted proxy forwards, else the peer's."""
    record = current_record()
    return record.client_address if record else request.remote_addr or ""
