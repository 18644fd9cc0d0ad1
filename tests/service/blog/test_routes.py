"""The routes for readers, on the demo posts: whole bodies and links."""

from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.blog.demo import demo_posts
from service.blog.markdown import Markdown
from service.bootstrap import build
from telemetry import Telemetry
from tests.support.ports import free_port

POSTS = "/api/v1/blog/posts"
PUBLISHED = sorted(
    (post for post in demo_posts() if post.status == "published"),
    key=lambda post: (post.published_at, post.slug),
    reverse=True,
)


@pytest.fixture
def client(seeded):
    """A client of the whole service on the demo data."""
    return seeded.app.test_client()


def overview(post) -> dict[str, object]:
    return {
        "slug": post.slug,
        "title": post.title,
        "summary": post.summary,
        "category": post.category,
        "tags": list(post.tags),
        "author": post.author,
        "published_at": post.published_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "url": f"{POSTS}/{post.slug}",
    }


def invalid(response) -> list[dict[str, str]]:
    body = response.get_json(force=True)
    assert (response.status_code, response.content_type, body["type"]) == (
        422,
        "application/problem+json",
        "urn:serene:problem:invalid-parameters",
    )
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body["errors"]


def counted(telemetry: Telemetry, name: str) -> dict[str, float]:
    """Return the values of a counter with one label, by that label."""
    families = telemetry.registry.restricted_registry([name]).collect()
    return {
        next(iter(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_page_has_twenty_posts_newest_first_and_links_the_next_page(client):
    response = client.get(POSTS)
    body = response.get_json()

    assert (response.status_code, response.content_type) == (200, "application/json")
    assert body == {"posts": [overview(post) for post in PUBLISHED[:20]], "next": body["next"]}
    assert body["next"].startswith(f"{POSTS}?limit=20&cursor=")
    assert response.headers["Link"] == f'<{body["next"]}>; rel="next"'


def test_the_last_page_has_no_next(client):
    response = client.get(client.get(POSTS).get_json()["next"])

    assert response.get_json() == {
        "posts": [overview(post) for post in PUBLISHED[20:]],
        "next": None,
    }
    assert "Link" not in response.headers


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("tag=beginners", lambda post: "beginners" in post.tags),
        ("category=sleep", lambda post: post.category == "sleep"),
        (
            "tag=science&category=sleep",
            lambda post: post.category == "sleep" and "science" in post.tags,
        ),
        ("tag=never-used", lambda post: False),
    ],
)
def test_filters_follow_from_page_to_page(client, query, matches):
    url = f"{POSTS}?{query}&limit=2"
    found = []
    while url:
        page = client.get(url).get_json()
        found += page["posts"]
        url = page["next"]

    assert found == [overview(post) for post in PUBLISHED if matches(post)]


def test_a_post_is_whole(client):
    post = PUBLISHED[3]
    response = client.get(f"{POSTS}/{post.slug}")
    assert (response.status_code, response.get_json()) == (
        200,
        overview(post) | {"body": post.body, "html": Markdown().render(post.body)},
    )
    assert (
        client.get(
            f"{POSTS}/{post.slug}", headers={"If-None-Match": response.headers["ETag"]}
        ).status_code
        == 304
    )


@pytest.mark.parametrize(
    "slug",
    ["never-written", "a-week-of-early-evenings", "%00", "%ff", "x" * 201, "%F0%9F%99%82", "a%0Ab"],
)
def test_unknown_and_unpublished_posts_are_404(client, slug):
    response = client.get(f"{POSTS}/{slug}")
    body = response.get_json(force=True)

    assert (response.status_code, body["title"], body["detail"]) == (
        404,
        "Not Found",
        "There is no post of that slug.",
    )
    assert body["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", [{"field": "limit", "reason": "should be greater than or equal to 1"}]),
        ("limit=101", [{"field": "limit", "reason": "should be less than or equal to 100"}]),
        (
            "limit=ten",
            [
                {
                    "field": "limit",
                    "reason": "should be a valid integer, unable to parse string as an integer",
                }
            ],
        ),
        (
            "limit=" + "9" * 5000,
            [
                {
                    "field": "limit",
                    "reason": "Unable to parse input string as an integer, exceeded maximum size",
                }
            ],
        ),
        ("tag=", [{"field": "tag", "reason": "should have at least 1 character"}]),
        ("tag=" + "x" * 65, [{"field": "tag", "reason": "should have at most 64 characters"}]),
        (
            "category=a%00b",
            [
                {
                    "field": "category",
                    "reason": "should have no control characters",
                }
            ],
        ),
        (
            "cursor=abc",
            [{"field": "cursor", "reason": "should be the cursor of a page's next link"}],
        ),
        (
            "cursor=" + "x" * 401,
            [{"field": "cursor", "reason": "should be the cursor of a page's next link"}],
        ),
        ("tag=a&tag=b", [{"field": "tag", "reason": "should be given once"}]),
        (
            "limit=0&tag=",
            [
                {"field": "limit", "reason": "should be greater than or equal to 1"},
                {"field": "tag", "reason": "should have at least 1 character"},
            ],
        ),
    ],
)
def test_invalid_values_are_reported_by_field(client, query, errors):
    assert invalid(client.get(f"{POSTS}?{query}")) == errors


def test_unknown_parameters_are_ignored(client):
    assert client.get(f"{POSTS}?limit=1&utm_source=letter").status_code == 200


# The client only reads, so one serves every example.
@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    name=st.sampled_from(["limit", "tag", "category", "cursor", "x"]),
    value=st.binary(max_size=80),
    slug=st.booleans(),
)
def test_arbitrary_bytes_never_cause_a_server_error(client, name, value, slug):
    text = quote_from_bytes(value, safe="")
    path = f"{POSTS}/{text or 'x'}" if slug else f"{POSTS}?{name}={text}"
    # A slug that begins with a slash is a path with two: Werkzeug sends the client to the one with
    # one.
    assert client.get(path).status_code in ({200, 308, 404} if slug else {200, 422})


def test_pages_are_counted_by_the_filter_used(client, telemetry):
    for query in (
        "",
        "?tag=a",
        "?category=a",
        "?category=a&tag=a",
        "?tag=x&limit=0",
        "?colour=blue",
    ):
        client.get(POSTS + query)
    assert counted(telemetry, "serene_post_lists_total") == {
        "none": 2.0,
        "tag": 2.0,
        "category": 1.0,
        "tag_category": 1.0,
    }


def test_reads_are_counted_by_outcome(client, telemetry):
    for slug in (PUBLISHED[0].slug, PUBLISHED[1].slug, "never-written"):
        client.get(f"{POSTS}/{slug}")
    assert counted(telemetry, "serene_post_reads_total") == {"found": 2.0, "not_found": 1.0}


@pytest.mark.parametrize("path", [POSTS, f"{POSTS}/naps"])
def test_request_without_a_database_is_503_with_retry_after(telemetry, path):
    environ = {
        "MONGODB_URI": f"mongodb://127.0.0.1:{free_port()}",
        "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.05",
    }
    service = build(environ, telemetry=telemetry)
    response = service.app.test_client().get(path, buffered=True)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert response.get_json(force=True) == {
        "type": "urn:serene:problem:database-unavailable",
        "title": "Database Unavailable",
        "status": 503,
        "detail": "The database cannot be used at the moment; send the request again.",
        "instance": path,
        "request_id": response.headers["X-Request-ID"],
    }
    assert counted(telemetry, "serene_post_reads_total") == (
        {"error": 1.0} if path != POSTS else {}
    )
    service.mongo.close()
