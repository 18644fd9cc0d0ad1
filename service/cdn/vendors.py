"""How each CDN is addressed: the headers it reads, and the request that removes copies by tags.

Source: Fastly's API, "Purge multiple surrogate key tags"; Cloudflare's API, "Purge Cached Content"
by tags; Varnish's vmod_xkey, whose VCL reads ``xkey-purge`` (``docs/regions.md`` has it).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import requests

from service.cdn.settings import CdnSettings, Vendor
from service.http.middleware.caching import CdnHeaders
from telemetry import Telemetry

MOST_TAGS: Final = 30
"""Of one request; Cloudflare takes no more, Fastly 256."""


class PurgeRefused(Exception):
    """The CDN has answered, and has not removed the copies."""


class CopyRemover(Protocol):
    """Removes copies from a CDN."""

    def remove(self, tags: Sequence[str]) -> None:
        """Remove every copy that has one of the tags.

        Args:
            tags: At most ``MOST_TAGS``.

        Raises:
            PurgeRefused: The CDN has answered otherwise.
            OSError: It has not answered.
        """


@dataclass(frozen=True, slots=True)
class _Vendor:
    tags: str
    separator: str
    control: str
    method: str
    token: str = ""
    """Name of the header of the token, and what stands before it."""
    sends_json: bool = False
    further: tuple[tuple[str, str], ...] = ()


_VENDORS: Final[Mapping[Vendor, _Vendor]] = {
    "fastly": _Vendor(
        *("Surrogate-Key", " ", "Surrogate-Control", "POST", "Fastly-Key: "),
        # Soft: the copy is stale, not gone, so it still serves while the service fails.
        further=(("Fastly-Soft-Purge", "1"),),
    ),
    "cloudflare": _Vendor(
        *("Cache-Tag", ",", "CDN-Cache-Control", "POST", "Authorization: Bearer "), sends_json=True
    ),
    "varnish": _Vendor("xkey", " ", "Surrogate-Control", "PURGE", "Authorization: Bearer "),
}
_VARNISH_PURGE: Final = "xkey-purge"


def headers_of(settings: CdnSettings) -> CdnHeaders | None:
    """Return what the CDN reads of a response; ``None`` without a CDN."""
    vendor = _VENDORS.get(settings.cdn)
    if vendor is None:
        return None
    # Without purges a copy must not outlive what Cache-Control allows.
    max_age_seconds = settings.cdn_max_age_seconds if settings.purges else 0
    return CdnHeaders(vendor.tags, vendor.separator, vendor.control, max_age_seconds)


class HttpRemover:
    """Removes copies by one HTTP request, which is a client span.

    Args:
        settings: A vendor, and where it takes purges.
        telemetry: Of this worker.
    """

    def __init__(self, settings: CdnSettings, telemetry: Telemetry) -> None:
        self._settings = settings
        self._vendor = _VENDORS[settings.cdn]
        self._http = telemetry.http_client
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would replace the token

    def remove(self, tags: Sequence[str]) -> None:
        """See ``CopyRemover``."""
        vendor, url = self._vendor, self._settings.cdn_purge_url
        with self._http.http(vendor.method, url, template="purge") as call:
            response = self._session.request(
                vendor.method,
                url,
                headers=call.headers | self._headers(tags),
                json={"tags": list(tags)} if vendor.sends_json else None,
                timeout=self._settings.cdn_purge_timeout_seconds,
                allow_redirects=False,
            )
            call.answered(response.status_code)
        if response.status_code // 100 != 2 or not self._is_done(response):
            raise PurgeRefused(f"status {response.status_code}")

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _headers(self, tags: Sequence[str]) -> dict[str, str]:
        vendor, headers = self._vendor, dict(self._vendor.further)
        if token := self._settings.cdn_purge_token.get_secret_value():
            name, before = vendor.token.split(": ")
            headers[name] = before + token
        if not vendor.sends_json:
            name = _VARNISH_PURGE if self._settings.cdn == "varnish" else vendor.tags
            headers[name] = vendor.separator.join(tags)
        return headers

    def _is_done(self, response: requests.Response) -> bool:
        # Cloudflare answers 200 with "success": false.
        if not self._vendor.sends_json:
            return True
        try:
            body: Any = response.json()
        except ValueError:
            return False
        return isinstance(body, dict) and body.get("success") is True
