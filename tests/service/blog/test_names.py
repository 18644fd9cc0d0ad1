"""Names of the world through the routes of the blog, and found by tag and category."""

from urllib.parse import quote

import pytest

from service.http.characters import search_key
from tests.service.blog.calls import DRAFTS, POSTS, TEXT
from tests.service.text.names import TAKEN


@pytest.mark.slow
def test_names_are_returned_and_found_by_every_route(staff):
    mara, client = staff.mara, staff.mara.client
    wrong = {}
    for label, (sent, stored) in TAKEN.items():
        text = {"title": sent, "summary": sent, "category": sent, "tags": [sent], "body": sent}
        expected = text | {"title": stored, "summary": stored, "category": stored}
        expected["tags"] = [stored]
        plain = client.post(POSTS, json=TEXT, headers=mara.headers).get_json()["slug"]
        url = f"{POSTS}/{plain}"
        created = client.post(POSTS, json=text | {"status": "published"}, headers=mara.headers)
        slug = created.get_json()["slug"]
        answers = {
            "create": created,
            "replace": client.put(url, json=text, headers=mara.headers),
            "edit": client.patch(url, json=text, headers=mara.headers),
            "draft": client.get(f"{DRAFTS}/{plain}", headers=mara.headers),
            "read": client.get(f"{POSTS}/{slug}"),
        }
        for name, response in answers.items():
            body = response.get_json()
            if {member: body.get(member) for member in expected} != expected:
                wrong[label, name] = body
        for query in (f"tag={quote(sent)}", f"category={quote(search_key(sent))}"):
            listed = client.get(f"{POSTS}?{query}").get_json()
            if slug not in [post["slug"] for post in listed.get("posts", ())]:
                wrong[label, query] = listed
    assert wrong == {}
