"""The routes of files on a real database: whole answers, who may read, and what nobody gets."""

import hashlib
import io

import pytest

from service.files.room import FilesRoom
from service.files.routes import QUOTA_EXCEEDED
from service.files.settings import MEDIA_TYPES
from service.sessions.room import SessionsRoom
from tests.service.accounts.test_protected_routes import issued
from tests.service.files.calls import FILES, stored, told, upload
from tests.service.files.samples import EXE, PNG, REFUSED, TAKEN
from tests.service.members import bearer

NOT_THERE = (
    404,
    "application/problem+json",
    {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such file.",
    },
)


def test_an_upload_is_told_whole_and_found_again(ada, service):
    response = upload(ada)
    body = response.get_json()
    path = f"{FILES}/{body['id']}"
    assert (response.status_code, response.headers["Location"]) == (201, path)
    assert body == {
        "id": body["id"],
        "name": "calm.png",
        "content_type": "image/png",
        "size_bytes": len(PNG),
        "sha256": hashlib.sha256(PNG).hexdigest(),
        "uploaded_at": body["uploaded_at"],
        "url": path,
        "content_url": f"{path}/content",
    }
    assert ada.client.get(path, headers=ada.headers).get_json() == body
    assert ada.client.get(FILES, headers=ada.headers).get_json() == {"files": [body], "next": None}
    assert stored(service) == (1, 1, 0)


@pytest.mark.parametrize(("content", "media_type"), TAKEN.values(), ids=TAKEN)
def test_a_file_is_what_its_content_shows_whatever_it_is_called(ada, content, media_type):
    body = upload(ada, content, "lie.exe", content_type="image/png").get_json()
    assert (body["content_type"], body["name"], body["size_bytes"]) == (
        media_type,
        "lie.exe",
        len(content),
    )


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_other_content_is_refused_whatever_it_is_called(ada, service, content):
    response = upload(ada, content, "calm.png", content_type="image/png")
    assert told(response) == (
        415,
        "application/problem+json",
        {
            "type": "urn:serene:problem:file-type",
            "title": "File Type",
            "status": 415,
            "detail": "The content is of no type that is taken.",
            "types": list(MEDIA_TYPES),
        },
    )
    assert (response.headers["Connection"], stored(service)) == ("close", (0, 0, 0))


def test_an_empty_file_is_refused(ada, service):
    empty = upload(ada, b"")
    chunked = upload(
        ada, None, input_stream=io.BytesIO(), environ_overrides={"wsgi.input_terminated": True}
    )
    for response in (empty, chunked):
        status, _, body = told(response)
        assert (status, body["errors"]) == (
            422,
            [{"field": "body", "reason": "should not be empty"}],
        )
    assert stored(service) == (0, 0, 0)


def test_a_body_without_a_length_is_taken_until_its_end_and_no_further_than_the_limit(ada, service):
    def chunked(content):
        return upload(
            ada,
            None,
            input_stream=io.BytesIO(content),
            environ_overrides={"wsgi.input_terminated": True},
        )

    assert chunked(PNG + bytes(3_000_000)).get_json()["size_bytes"] == len(PNG) + 3_000_000
    status, _, body = told(chunked(PNG + bytes(25 * 1024**2)))
    assert (status, body["type"], body["limit_bytes"]) == (
        413,
        "urn:serene:problem:body-too-large",
        25 * 1024**2,
    )
    assert stored(service) == (1, 3, 0)


def test_a_form_with_one_file_is_taken_like_a_body(ada):
    content = PNG + b"\r\n--y" * 400_000
    note = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nof no use\r\n'
    part = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../in a form.png"\r\n\r\n'
    )
    form = note + part + content + b"\r\n" + note + b"--x--\r\n"
    response = ada.client.post(
        FILES, data=form, headers=ada.headers, content_type="multipart/form-data; boundary=x"
    )
    body = response.get_json()
    assert (response.status_code, body["name"], body["content_type"], body["sha256"]) == (
        201,
        "in a form.png",
        "image/png",
        hashlib.sha256(content).hexdigest(),
    )
    assert ada.client.get(body["content_url"], headers=ada.headers).data == content


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"nothing of the kind", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncalm',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\ncalm\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncalm'
            b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\ncalm\r\n--x--\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_a_form_that_is_none_is_told_so_and_leaves_nothing(ada, service, body, content_type):
    response = upload(ada, body, content_type=content_type)
    assert (response.status_code, response.content_type, stored(service)) == (
        400,
        "application/problem+json",
        (0, 0, 0),
    )


@pytest.mark.parametrize(("others", "status"), [(100, 201), (1001, 400)])
def test_a_form_may_have_other_fields_but_not_any_number(ada, others, status):
    fields = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\ntea\r\n' % number
        for number in range(others)
    )
    form = (
        fields
        + b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncalm\r\n--x--\r\n'
    )
    assert upload(ada, form, content_type="multipart/form-data; boundary=x").status_code == status


def test_a_form_without_an_end_is_not_kept_in_memory(ada, service):
    for endless in (b"x" * 2_000_000, b"--x\r\nX-Head: " + b"x" * 2_000_000):
        response = upload(ada, endless, content_type="multipart/form-data; boundary=x")
        assert (response.status_code, response.get_json()["detail"]) == (
            400,
            "The form cannot be read.",
        )
    assert stored(service) == (0, 0, 0)


def test_the_same_content_twice_is_two_files_with_one_etag(ada, service):
    first, second = upload(ada).get_json(), upload(ada).get_json()
    assert first["id"] != second["id"]
    assert ada.client.delete(first["url"], headers=ada.headers).status_code == 204
    response = ada.client.get(second["content_url"], headers=ada.headers)
    assert (response.data, response.headers["ETag"], stored(service)) == (
        PNG,
        f'"{first["sha256"]}"',
        (1, 1, 0),
    )


def test_a_removed_file_is_gone_with_its_chunks(ada, service):
    large = upload(ada, PNG + bytes(2_500_000)).get_json()
    assert stored(service) == (1, 3, 0)
    response = ada.client.delete(large["url"], headers=ada.headers)
    assert (response.status_code, response.data, stored(service)) == (204, b"", (0, 0, 0))
    for method, url in (
        ("GET", large["url"]),
        ("GET", large["content_url"]),
        ("DELETE", large["url"]),
    ):
        assert told(ada.client.open(url, method=method, headers=ada.headers)) == NOT_THERE


def test_a_file_is_for_its_owner_and_their_therapist_and_for_nobody_else(ada, bob, service):
    body = upload(ada).get_json()
    list_url = f"/api/v1/members/{ada.account['id']}/files"
    theirs = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
    service.room(SessionsRoom).repositories.care.assign(theirs, ada.account["id"])
    service.room(SessionsRoom).repositories.care.assign(bob.account["id"], ada.account["id"])
    callers = {
        "owner": ada.headers,
        "their therapist": bearer(issued("therapist")),
        "a member in a therapist's place": bob.headers,
        "an admin in a therapist's place": bearer(issued("admin")),
    }
    urls = [
        ("GET", body["url"]),
        ("GET", body["content_url"]),
        ("HEAD", body["content_url"]),
        ("GET", list_url),
    ]
    seen = {
        name: [
            ada.client.open(url, method=method, headers=headers).status_code for method, url in urls
        ]
        for name, headers in callers.items()
    }
    assert seen == {
        "owner": [200] * 4,
        "their therapist": [200] * 4,
        "a member in a therapist's place": [404] * 4,
        "an admin in a therapist's place": [404] * 4,
    }
    assert ada.client.get(list_url, headers=callers["their therapist"]).get_json() == {
        "files": [body],
        "next": None,
    }
    removals = [
        ada.client.delete(body["url"], headers=headers).status_code
        for headers in list(callers.values())[1:]
    ]
    assert (removals, ada.client.get(FILES, headers=bob.headers).get_json()) == (
        [403, 404, 404],
        {"files": [], "next": None},
    )


def test_another_therapist_cannot_tell_a_foreign_file_from_one_that_is_not_there(ada, client):
    body, headers = upload(ada).get_json(), bearer(issued("therapist"))
    missing = "00000000-0000-4000-8000-000000000000"
    for file_id in (body["id"], missing, "no-id", "x" * 5000, body["id"].upper()):
        for method, path in (("GET", file_id), ("GET", f"{file_id}/content"), ("DELETE", file_id)):
            assert told(client.open(f"{FILES}/{path}", method=method, headers=headers)) == NOT_THERE
    for member_id in (ada.account["id"], missing, "no-id", "a:b"):
        assert client.get(f"/api/v1/members/{member_id}/files", headers=headers).status_code == 404


def test_pages_hold_every_file_once_newest_first(ada):
    ids = [upload(ada, PNG + bytes([number])).get_json()["id"] for number in range(5)]
    url, seen, pages = f"{FILES}?limit=2", [], 0
    while url:
        response = ada.client.get(url, headers=ada.headers)
        page = response.get_json()
        assert response.headers.get("Link") == (
            f'<{page["next"]}>; rel="next"' if page["next"] else None
        )
        seen += [file["id"] for file in page["files"]]
        url, pages = page["next"], pages + 1
    assert (sorted(seen), pages) == (sorted(ids), 3)
    assert ada.client.get(f"{FILES}?limit=0&cursor=x", headers=ada.headers).status_code == 422


def test_the_refusal_for_want_of_room_says_how_much_there_is(ada, service):
    service.room(FilesRoom).files._allowance._quota = type(
        service.room(FilesRoom).files._allowance._quota
    )(100, 2, 60)
    assert upload(ada, b"x" * 60).status_code == 201
    response = upload(ada, b"x" * 41)
    assert told(response) == (
        413,
        "application/problem+json",
        {
            "type": QUOTA_EXCEEDED,
            "title": "Quota Exceeded",
            "status": 413,
            "detail": "There is no room for the file: remove others, or wait for uploads that are under way.",
            "quota_bytes": 100,
            "quota_count": 2,
            "used_bytes": 60,
            "used_count": 1,
        },
    )
    assert (response.headers["Connection"], "Retry-After" in response.headers) == ("close", False)
    assert (upload(ada, b"x" * 40).status_code, upload(ada, b"x").status_code, stored(service)) == (
        201,
        413,
        (2, 2, 0),
    )


def test_uploads_are_counted_by_outcome_and_measured(ada, telemetry):
    upload(ada)
    upload(ada, EXE)
    upload(ada, b"")
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in telemetry.registry.collect()
        if family.name in ("serene_file_uploads", "serene_uploads_bytes")
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }
    assert values == {
        ("serene_file_uploads_total", "stored"): 1.0,
        ("serene_file_uploads_total", "type_refused"): 1.0,
        ("serene_file_uploads_total", "invalid"): 1.0,
        ("serene_uploads_bytes_count",): 1.0,
        ("serene_uploads_bytes_sum",): float(len(PNG)),
    }
