"""Stripe's HTTP client with telemetry.

Each attempt of a call is a client span of its own, and the pauses between attempts count as
external time of the request.

One session serves every greenlet of the worker: the library would create one for each, with a new
connection. Nothing of the process's environment is read (a ``.netrc`` would replace the API key),
and no cookie is kept.

Source: OpenTelemetry semantic conventions, "HTTP client span": one span an attempt.
"""

import re
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import stripe
from requests.adapters import HTTPAdapter

from telemetry import Telemetry, current_record

_ID: Final = re.compile(r"\b(?:pi|re|ch)_\w+")

CONNECTIONS: Final = 50
"""Idle connections that are kept; more are opened on demand."""


def new_session() -> requests.Session:
    """Return a session for all calls of one worker to one server."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
    return session


class InstrumentedClient(stripe.RequestsClient):
    """Records the attempts of Stripe's library as part of the current request.

    Args:
        telemetry: Of this worker.
        timeout_seconds: To connect, and for each part of a response.
    """

    def __init__(self, telemetry: Telemetry, timeout_seconds: float) -> None:
        self._own_session = new_session()
        super().__init__(timeout=timeout_seconds, session=self._own_session)
        self._http_client = telemetry.http_client

    def request(  # type: ignore[override]  # the library's own subclass has fewer parameters than its base
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make one attempt; ids in its path are placeholders in the span's name."""
        failed: stripe.APIConnectionError | None = None
        try:
            with self._http_client.http(
                method.upper(), url, template=_ID.sub("{id}", urlsplit(url).path)
            ) as call:
                try:
                    content, status, response_headers = super().request(
                        method, url, {**(headers or {}), **call.headers}, post_data
                    )
                except stripe.APIConnectionError as error:
                    failed = error
                    # The cause, so that the span records whether it was a time-out.
                    raise (error.__cause__ or error) from None
                call.answered(status)
                return content, status, response_headers
        except Exception:
            if failed is not None:
                raise failed from failed.__cause__
            raise

    def close(self) -> None:
        """Close every connection."""
        self._own_session.close()

    def _sleep_time_seconds(self, num_retries: int) -> float:
        # Called just before the library sleeps; otherwise a trace would show the pause and the
        # request's phases would not.
        seconds: float = super()._sleep_time_seconds(num_retries)
        if record := current_record():
            record.add_phase("external", seconds)
        return seconds
