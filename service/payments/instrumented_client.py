"""Stripe's HTTP client, seen: each attempt of a call is a client span of its own, and the pauses
between them are waits of the request.

One session serves every greenlet of the worker: the library would make one for each, with a new
connection. Nothing of the process's environment is read (a ``.netrc`` would replace our key), and
no cookie is kept.

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
"""Idle connections that are kept; more are opened where they are needed."""


def session() -> requests.Session:
    """A session for all calls of one worker to one server."""
    made = requests.Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=CONNECTIONS))
    return made


class ObservedClient(stripe.RequestsClient):
    """Makes the attempts of Stripe's library part of the request that they are for.

    Args:
        telemetry: Of this worker.
        timeout_seconds: To connect, and for each part of an answer.
    """

    def __init__(self, telemetry: Telemetry, timeout_seconds: float) -> None:
        self._own_session = session()
        super().__init__(timeout=timeout_seconds, session=self._own_session)
        self._outgoing = telemetry.http_client

    def request(  # type: ignore[override]  # the library's own subclass has fewer parameters than its base, too
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One attempt; ids in its path are placeholders in the span's name."""
        failed: stripe.APIConnectionError | None = None
        try:
            with self._outgoing.http(
                method.upper(), url, template=_ID.sub("{id}", urlsplit(url).path)
            ) as call:
                try:
                    content, status, answered = super().request(
                        method, url, {**(headers or {}), **call.headers}, post_data
                    )
                except stripe.APIConnectionError as error:
                    failed = error
                    raise (
                        error.__cause__ or error
                    ) from None  # so that the span says whether it was a time-out
                call.answered(status)
                return content, status, answered
        except Exception:
            if failed is not None:
                raise failed from failed.__cause__
            raise

    def close(self) -> None:
        """Close every connection."""
        self._own_session.close()

    def _sleep_time_seconds(self, num_retries: int) -> float:
        # Asked just before the library sleeps; otherwise a trace would show the pause and the
        # request's phases would not.
        seconds: float = super()._sleep_time_seconds(num_retries)
        if record := current_record():
            record.add_phase("external", seconds)
        return seconds
