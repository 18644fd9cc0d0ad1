"""Changes of what readers see, through real routes, at a CDN that takes purges."""

from collections.abc import Iterator

import gevent
import pytest

from tests.machine import PATIENCE_SECONDS
from tests.service.blog.calls import POSTS, TEXT
from tests.service.cdn.peer import CdnPeer
from tests.service.members import with_role
from tests.service.rate_limits.rate_limit_helpers import counted
from tests.support.polling import wait_until, wait_until_equal

PROFILE = {
    "name": "Ada",
    "title": "Dr",
    "languages": ["en"],
    "specialties": ["sleep"],
    "price": {"amount": 1, "currency": "eur"},
}


@pytest.fixture
def peer() -> Iterator[CdnPeer]:
    with CdnPeer() as found:
        yield found


@pytest.fixture
def service(build_service, peer):
    """A service that purges in the background."""
    service = build_service(
        {
            "CDN": "fastly",
            "CDN_PURGE_URL": peer.url,
            "CDN_PURGE_TOKEN": "canary-token",
            "CDN_PURGE_TIMEOUT_SECONDS": "0.5",
        }
    )
    purger = service.cdn.purger
    purger.start()
    yield service
    purger.stop()


@pytest.fixture
def author(service):
    return with_role(service.app.test_client(), service, "author")


def purged_after(service, peer, change) -> set[str]:
    """Return the tags that are purged because of a change."""
    purger = service.cdn.purger
    before = len(peer.tags)
    response = change()
    assert response.status_code < 300, response.get_data(as_text=True)
    wait_until(
        lambda: not purger.waits_for_first(),
        timeout_seconds=PATIENCE_SECONDS,
        what="every change has been purged",
    )
    return set(peer.tags[before:])


BOTH = {"posts", "post-naps-without-regret"}
URL = f"{POSTS}/naps-without-regret"


def test_post_is_purged_when_what_readers_see_changes(service, peer, author):
    client, headers = author.client, author.headers

    def send(method: str, url: str, **body: object) -> set[str]:
        return purged_after(
            service, peer, lambda: client.open(url, method=method, headers=headers, **body)
        )

    assert send("POST", POSTS, json=TEXT) == set()  # a draft
    assert send("PATCH", URL, json={"summary": "Short."}) == set()
    assert send("POST", f"{URL}/publish") == BOTH
    assert send("PATCH", URL, json={"summary": "Shorter."}) == BOTH
    assert send("POST", f"{URL}/unpublish") == BOTH
    assert send("DELETE", URL) == set()
    assert send("POST", POSTS, json=TEXT | {"status": "published"}) == BOTH
    assert send("DELETE", URL) == BOTH


def test_refused_change_purges_nothing(service, peer, author):
    author.client.post(POSTS, json=TEXT | {"status": "published"}, headers=author.headers)
    wait_until_equal(
        service.cdn.purger.waits_for_first,
        [],
        timeout_seconds=PATIENCE_SECONDS,
    )
    before = len(peer.tags)
    conditional = author.headers | {"If-Match": '"other"'}
    assert author.client.delete(URL, headers=conditional).status_code == 412
    assert service.cdn.purger.waits_for_first() == []
    assert len(peer.tags) == before


def test_profile_of_a_therapist_is_purged(service, peer):
    therapist = with_role(service.app.test_client(), service, "therapist")
    for _ in range(2):
        assert purged_after(
            service,
            peer,
            lambda: therapist.client.put(
                "/api/v1/therapists/me", json=PROFILE, headers=therapist.headers
            ),
        ) == {"therapists", f"therapist-{therapist.account['id']}"}


def test_responses_have_the_tags_that_their_changes_purge(service, author):
    client = author.client
    client.post(POSTS, json=TEXT | {"status": "published"}, headers=author.headers)
    names = ("Surrogate-Key", "Surrogate-Control", "Cache-Control")
    stale = "stale-while-revalidate=300, stale-if-error=86400"
    browser, cdn = f"public, max-age=60, {stale}", f"public, max-age=3600, {stale}"
    first = client.get(URL)
    again = client.get(URL, headers={"If-None-Match": first.headers["ETag"]})
    listed = client.get(POSTS)
    assert [[one.headers.get(name) for name in names] for one in (first, again, listed)] == [
        ["post-naps-without-regret", cdn, browser],
        ["post-naps-without-regret", cdn, browser],
        ["posts", cdn, browser],
    ]
    assert (first.status_code, again.status_code) == (200, 304)


def test_what_a_cdn_may_not_keep_has_no_tags(service, author):
    client = author.client
    client.post(POSTS, json=TEXT | {"status": "published"}, headers=author.headers)
    for response in (
        client.get(URL, headers=author.headers),
        client.get(f"{POSTS}/none"),
        client.post(POSTS, json=TEXT),
        client.get("/api/v1/health/liveness"),
    ):
        assert not {"Surrogate-Key", "Surrogate-Control"} & set(response.headers.keys())


def publish(author):
    """Publish a post at once."""
    body = TEXT | {"status": "published"}
    return author.client.post(POSTS, json=body, headers=author.headers)


def test_cdn_that_fails_fails_no_change_and_is_counted(service, peer, author):
    peer.statuses = [503]
    assert publish(author).status_code == 201
    wait_until(
        lambda: counted(author.client, "serene_cdn_purges_total").get("failed", 0) >= 2,
        timeout_seconds=PATIENCE_SECONDS,
        what="the failed tags are counted",
    )
    waiting = counted(author.client, "serene_cdn_purges_waiting")
    assert waiting == {"": 2}


def test_cdn_that_hangs_slows_no_change(service, peer, author):
    peer.delay_seconds = 2 * PATIENCE_SECONDS
    with gevent.Timeout(PATIENCE_SECONDS):
        assert publish(author).status_code == 201


def test_service_without_a_cdn_sends_neither_tags_nor_purges(build_service):
    service = build_service()
    assert service.cdn.purger is None
    service.cdn.purge("posts")
    response = service.app.test_client().get(POSTS)
    assert {"Surrogate-Key", "Cache-Tag", "xkey", "Surrogate-Control"} & set(
        response.headers.keys()
    ) == set()
