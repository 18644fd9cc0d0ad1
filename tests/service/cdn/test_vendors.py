"""What each CDN is sent, and what it reads of a response."""

from collections.abc import Callable, Iterator

import pytest
import requests

from service.cdn.settings import CdnSettings
from service.cdn.vendors import HttpRemover, PurgeRefused, headers_of
from service.http.middleware.caching import CdnHeaders
from telemetry import Telemetry
from telemetry.config import SettingError
from tests.service.cdn.peer import CdnPeer, Purge

TAGS = ["posts", "post-naps"]


@pytest.fixture
def peer() -> Iterator[CdnPeer]:
    with CdnPeer() as found:
        yield found


def settings(peer: CdnPeer, vendor: str, **more: str) -> CdnSettings:
    given = {"CDN": vendor, "CDN_PURGE_URL": peer.url, "CDN_PURGE_TOKEN": "canary-token"}
    return CdnSettings.from_env(given | more)


@pytest.fixture
def remover(peer: CdnPeer, telemetry: Telemetry) -> Iterator[Callable[..., HttpRemover]]:
    """Build removers of a vendor, with further settings."""
    built: list[HttpRemover] = []

    def build(vendor: str, **more: str) -> HttpRemover:
        built.append(HttpRemover(settings(peer, vendor, **more), telemetry))
        return built[-1]

    yield build
    for one in built:
        one.close()


REQUESTS = {
    "fastly": Purge(
        "POST /service/ID/purge",
        {
            "Surrogate-Key": "posts post-naps",
            "Fastly-Soft-Purge": "1",
            "Fastly-Key": "canary-token",
        },
        None,
    ),
    "cloudflare": Purge(
        "POST /service/ID/purge", {"Authorization": "Bearer canary-token"}, {"tags": TAGS}
    ),
    "varnish": Purge(
        "PURGE /service/ID/purge",
        {"xkey-purge": "posts post-naps", "Authorization": "Bearer canary-token"},
        None,
    ),
}


@pytest.mark.parametrize("vendor", REQUESTS)
def test_purge_is_the_request_of_its_vendor(peer, remover, vendor):
    remover(vendor).remove(TAGS)
    assert peer.purges == [REQUESTS[vendor]]


def test_token_is_optional_where_the_network_protects(peer, remover):
    remover("varnish", CDN_PURGE_TOKEN="").remove(TAGS)
    assert peer.purges[0].headers == {"xkey-purge": "posts post-naps"}


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
def test_other_status_is_a_refusal(peer, remover, status):
    peer.statuses = [status]
    with pytest.raises(PurgeRefused, match=f"status {status}"):
        remover("fastly").remove(TAGS)
    assert len(peer.purges) == 1


@pytest.mark.parametrize("body", [{"success": False}, {}, [], "text"])
def test_cloudflare_reports_failures_with_status_200(peer, remover, body):
    peer.body = body
    with pytest.raises(PurgeRefused):
        remover("cloudflare").remove(TAGS)


def test_silent_cdn_is_given_up_in_time(peer, remover):
    peer.delay_seconds = 30
    with pytest.raises(requests.Timeout) as late:
        remover("fastly", CDN_PURGE_TIMEOUT_SECONDS="0.1").remove(TAGS)
    assert isinstance(late.value, OSError)


def test_headers_follow_the_vendor_and_last_longer_only_with_purges(peer):
    assert headers_of(CdnSettings.from_env({})) is None
    assert headers_of(CdnSettings.from_env({"CDN": "fastly"})) == CdnHeaders(
        "Surrogate-Key", " ", "Surrogate-Control", 0
    )
    assert headers_of(settings(peer, "cloudflare", CDN_MAX_AGE_SECONDS="7200")) == CdnHeaders(
        "Cache-Tag", ",", "CDN-Cache-Control", 7200
    )
    assert headers_of(settings(peer, "varnish")) == CdnHeaders(
        "xkey", " ", "Surrogate-Control", 3600
    )


INVALID = {
    "URL without a vendor": (
        {"CDN_PURGE_URL": "https://a.example/purge"},
        "CDN_PURGE_URL is set without CDN: it should name the vendor",
    ),
    "no token": (
        {"CDN": "fastly", "CDN_PURGE_URL": "https://a.example/purge"},
        "CDN_PURGE_TOKEN is not set: fastly takes no purge without it",
    ),
}


@pytest.mark.parametrize(("given", "problem"), INVALID.values(), ids=INVALID)
def test_settings_that_do_not_fit_are_refused(given, problem):
    with pytest.raises(SettingError, match=problem):
        CdnSettings.from_env(given)


@pytest.mark.parametrize(
    "url", ["purge", "ftp://a.example", "https://user:canary@a.example/", "https://", "http://a:0/"]
)
def test_url_of_purges_is_checked(url):
    with pytest.raises(SettingError, match=r"CDN_PURGE_URL.*should be the URL that takes purges"):
        CdnSettings.from_env({"CDN": "varnish", "CDN_PURGE_URL": url})
