"""Nothing private is ever cacheable: every route of the URL map, as it is declared and as it
answers."""

import re
from typing import Any

import pytest

from service.http.access import ACCESS
from service.http.middleware.caching import is_public
from tests.service.members import bearer, member
from tests.service.test_every_route import path_of

PUBLIC = {
    "root.root",
    "blog.list_posts",
    "blog.get_post",
    "documentation.document",
    "documentation.page",
    "therapists.list_therapists",
    "therapists.get_therapist",
    "therapists.list_slots",
}
"""Views whose responses any cache may store. Another one here needs its reason in docs/data.md."""

STATIC = {"documentation.asset"}
"""Files that are part of the service, the same for every client, with a token too."""

CDN = {"CDN": "fastly", "CDN_PURGE_URL": "http://127.0.0.1:9/purge", "CDN_PURGE_TOKEN": "token"}
SHARED = re.compile(r"\b(?:public|s-maxage)\b")
TAGS = {"Surrogate-Key", "Surrogate-Control", "Cache-Tag", "CDN-Cache-Control", "xkey"}


@pytest.fixture
def service(build_service):
    """A service before a CDN."""
    return build_service(CDN)


def test_views_that_any_cache_may_store_are_these_and_need_no_account(service):
    views = service.app.view_functions
    assert {name for name, view in views.items() if is_public(view)} == PUBLIC
    assert {name for name in PUBLIC if ACCESS.get(views[name]) is not None} == set()


def test_views_that_any_cache_may_store_only_read(service):
    methods = {rule.endpoint: set(rule.methods or ()) for rule in service.app.url_map.iter_rules()}
    assert {name for name in PUBLIC if methods[name] - {"GET", "HEAD", "OPTIONS"}} == set()


def shared(response: Any) -> bool:
    """Return whether a shared cache may store a response, by any of its headers."""
    has_tags = bool(TAGS & set(response.headers.keys()))
    return has_tags or bool(SHARED.search(response.headers.get("Cache-Control", "")))


def test_no_response_to_a_token_may_be_shared_and_none_of_another_view(service):
    client = service.app.test_client()
    ada = member(client)
    public: set[str] = set()
    for rule in service.app.url_map.iter_rules():
        if rule.endpoint in STATIC:
            continue
        path = path_of(rule.rule)
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            for headers in (ada.headers, bearer("nonsense")):
                response = client.open(path, method=method, headers=headers)
                assert (method, path, shared(response)) == (method, path, False)
                assert "no-store" in response.headers["Cache-Control"] or (
                    response.headers["Cache-Control"].startswith("private")
                )
            response = client.open(path, method=method)
            if shared(response):
                public.add(rule.endpoint)
                assert (response.status_code, method in ("GET", "HEAD")) == (200, True)
                assert "Authorization" in response.headers["Vary"]
                assert "Set-Cookie" not in response.headers
    assert public <= PUBLIC
    assert public >= PUBLIC - {"blog.get_post", "therapists.get_therapist", "therapists.list_slots"}
