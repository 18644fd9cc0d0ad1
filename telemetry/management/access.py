"""Who may see what is below ``/debug/``: the machine itself, or the holder of a token."""

import hmac
import ipaddress
import re
from typing import Final

from telemetry.management.protocol import Request, Response, problem

CHALLENGE: Final = {"WWW_Authenticate": 'Bearer realm="debug"'}


def refusal(request: Request, token: str) -> Response | None:
    """Return the response to one who may not see it; ``None`` to others.

    Args:
        request: For a path below ``/debug/``.
        token: That a client on another machine sends (``Authorization: Bearer``); with an empty one
            nothing is shown elsewhere.
    """
    if token and _has_token(request, token):
        return None
    if not _is_loopback(request.client):
        if token:
            return problem(
                401,
                "This is shown on the machine itself, and to the holder of TELEMETRY_DEBUG_TOKEN.",
                **CHALLENGE,
            )
        return problem(403, "This is shown on the machine itself only.")
    if not _is_own_host(request.host):
        return problem(421, "This is shown under an IP address or localhost only.")
    return None


def _has_token(request: Request, token: str) -> bool:
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    # The same time, however much of it is right.
    return scheme.lower() == "bearer" and hmac.compare_digest(
        sent.strip().encode("latin-1", "replace"), token.encode()
    )


def _is_loopback(client: str) -> bool:
    address = ipaddress.ip_address(client.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _is_own_host(host: str) -> bool:
    """Return whether a request's host cannot be a name that an attacker's DNS server answers for.

    A web page whose name is made to point to this machine (DNS rebinding) could otherwise have the
    operator's browser read what is shown on the machine itself only.
    """
    name = host.rpartition(":")[0] if re.search(r":[0-9]*$", host) else host
    if not name or name.lower() == "localhost" or name.lower().endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
