"""The job reports which operations had a successful response."""

import json

from tests.contract.job import reached

DOCUMENT = {
    "paths": {"/posts": {"get": {}, "post": {}}, "/posts/{slug}": {"get": {}}, "/me": {"get": {}}}
}


def test_operations_without_a_success_are_named(tmp_path):
    file = tmp_path / "responses.json"
    file.write_text(
        json.dumps(
            {
                "GET /posts": {"200": 3, "422": 4},
                "POST /posts": {"401": 2, "201": 1},
                "GET /posts/{slug}": {"404": 7},
            }
        )
    )
    assert (
        reached(DOCUMENT, file, None)
        == "17 requests; operations with a 2xx response: 2 of 4; never: GET /me, GET /posts/{slug}"
    )
    assert (
        reached(DOCUMENT, file, "^/posts$") == "17 requests; operations with a 2xx response: 2 of 2"
    )


def test_a_run_without_requests_reached_nothing(tmp_path):
    assert (
        reached(DOCUMENT, tmp_path / "none.json", "me")
        == "0 requests; operations with a 2xx response: 0 of 1; never: GET /me"
    )
