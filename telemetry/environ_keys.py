"""Keys of the WSGI environ that servers, the WSGI layer and adapters share."""

from typing import Final

REQUEST_ID_ENVIRON: Final = "telemetry.request_id"
"""The id of the request, for the server's answer when the app has failed."""

RECORD_ENVIRON: Final = "telemetry.record"
"""The record of the request; an environ without it was not served."""

HANDOVER_ENVIRON: Final = "telemetry.handover"
"""Whether the app has taken the connection over."""

CLIENT_ENVIRON: Final = "telemetry.client"
"""The client's socket, which notes whether the client was too slow."""

ARRIVAL_ENVIRON: Final = "telemetry.arrival"
"""When the bytes of the request arrived; see ``telemetry.requests.arrival``."""
