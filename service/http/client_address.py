"""The address of the client that the current request comes from."""

from flask import request

from telemetry import current_record


def client_address() -> str:
    """Return the client's address; a trusted proxy's ``X-Forwarded-For`` is used when it is sent."""
    record = current_record()
    return record.client_address if record else request.remote_addr or ""
