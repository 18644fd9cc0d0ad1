"""The routes of files on a real database: whole responses, access rights, refused uploads."""

import hashlib
import io

import pytest

from bench.file_types.accepted import accepted
from bench.file_types.programs import DOCX, document, noise, repacked
from bench.file_types.refused import refused
from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.files.problems import QUOTA_EXCEEDED
from service.files.room import FilesRoom
from service.files.type_detection import ENCODING, REFUSED
from service.sessions.room import SessionsRoom
from tests.service.accounts.test_protected_routes import issued
from tests.service.files.calls import FILES, problem_of, stored, upload
from tests.service.files.samples import EXE, PNG
from tests.service.members import bearer

NOT_FOUND = (
    404,
    "application/problem+json",
    {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such file.",
    },
)


def test_upload_returns_the_whole_file_resource(ada, service):
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


@pytest.mark.slow
def test_media_type_depends_on_content_only(ada):
    found = {}
    for label, (content, _) in accepted().items():
        body = upload(ada, content, "lie.exe", content_type="image/png").get_json()
        found[label] = (body.get("content_type"), body.get("name"), body.get("size_bytes"))
    assert found == {
        label: (media_type, "lie.exe", len(content))
        for label, (content, media_type) in accepted().items()
    }


@pytest.mark.slow
def test_unsupported_content_is_refused_whatever_its_name(ada, service):
    expected = (
        415,
        "application/problem+json",
        {
            "type": "urn:serene:problem:file-type",
            "title": "File Type",
            "status": 415,
            "detail": "The type of the content is not accepted.",
            "types": list(ACCEPTED_MEDIA_TYPES),
        },
    )
    for label, content in refused().items():
        response = upload(ada, content, "calm.png", content_type="image/png")
        status, content_type, body = problem_of(response)
        assert body["detail"] in (REFUSED, ENCODING)
        assert (label, (status, content_type, body | {"detail": REFUSED})) == (label, expected)
        assert (response.headers["Connection"], stored(service)) == ("close", (0, 0, 0))


@pytest.mark.parametrize("size", [300_000, 1024**2, 2_500_000])
def test_a_document_whose_large_part_is_first_is_stored(ada, size):
    content = repacked(
        document(), first=(("word/media/a.png", noise(size)),), last="[Content_Types].xml"
    )
    body = upload(ada, content, "diary.docx").get_json()
    assert (body["content_type"], body["size_bytes"]) == (DOCX, len(content))
    assert ada.client.get(body["content_url"], headers=ada.headers).data == content


def test_a_large_file_that_is_known_only_at_its_end_leaves_nothing_when_it_is_refused(ada, service):
    content = repacked(document(), first=(("word/media/a.png", noise(2_500_000)),))[:-100]
    assert upload(ada, content, "diary.docx").status_code == 415
    assert upload(ada, b"x" * 2_500_000 + b"\0", "diary.txt").status_code == 415
    assert stored(service) == (0, 0, 0)


def test_a_text_is_served_in_its_own_charset(ada):
    for encoding, charset in (("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16")):
        sent = "müde, 静か".encode(encoding)
        body = upload(ada, sent, "diary.txt").get_json()
        response = ada.client.get(body["content_url"], headers=ada.headers)
        assert (response.data, response.content_type, body["content_type"]) == (
            sent,
            f"text/plain; charset={charset}",
            "text/plain",
        )
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_an_empty_file_is_refused(ada, service):
    empty = upload(ada, b"")
    chunked = upload(
        ada, None, input_stream=io.BytesIO(), environ_overrides={"wsgi.input_terminated": True}
    )
    for response in (empty, chunked):
        status, _, body = problem_of(response)
        assert (status, body["errors"]) == (
            422,
            [{"field": "body", "reason": "should not be empty"}],
        )
    assert stored(service) == (0, 0, 0)


def test_body_without_a_length_is_read_to_its_end_or_the_limit(ada, service):
    def chunked(content):
        return upload(
            ada,
            None,
            input_stream=io.BytesIO(content),
            environ_overrides={"wsgi.input_terminated": True},
        )

    assert chunked(PNG + bytes(3_000_000)).get_json()["size_bytes"] == len(PNG) + 3_000_000
    status, _, body = problem_of(chunked(PNG + bytes(25 * 1024**2)))
    assert (status, body["type"], body["limit_bytes"]) == (
        413,
        "urn:serene:problem:body-too-large",
        25 * 1024**2,
    )
    assert stored(service) == (1, 3, 0)


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
        assert problem_of(ada.client.open(url, method=method, headers=ada.headers)) == NOT_FOUND


def test_only_the_owner_and_their_therapist_read_a_file(ada, bob, service):
    body = upload(ada).get_json()
    list_url = f"/api/v1/members/{ada.account['id']}/files"
    theirs = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
    service.room(SessionsRoom).repositories.care.assign(theirs, ada.account["id"])
    service.room(SessionsRoom).repositories.care.assign(bob.account["id"], ada.account["id"])
    callers = {
        "owner": ada.headers,
        "therapist of the owner": bearer(issued("therapist")),
        "a member in a therapist's place": bob.headers,
        "an admin in a therapist's place": bearer(issued("admin")),
    }
    urls = [
        ("GET", body["url"]),
        ("GET", body["content_url"]),
        ("HEAD", body["content_url"]),
        ("GET", list_url),
    ]
    statuses = {
        name: [
            ada.client.open(url, method=method, headers=headers).status_code for method, url in urls
        ]
        for name, headers in callers.items()
    }
    assert statuses == {
        "owner": [200] * 4,
        "therapist of the owner": [200] * 4,
        "a member in a therapist's place": [404] * 4,
        "an admin in a therapist's place": [404] * 4,
    }
    assert ada.client.get(list_url, headers=callers["therapist of the owner"]).get_json() == {
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


def test_foreign_file_is_indistinguishable_from_a_missing_one(ada, client):
    body, headers = upload(ada).get_json(), bearer(issued("therapist"))
    missing = "00000000-0000-4000-8000-000000000000"
    for file_id in (body["id"], missing, "no-id", "x" * 5000, body["id"].upper()):
        for method, path in (("GET", file_id), ("GET", f"{file_id}/content"), ("DELETE", file_id)):
            assert (
                problem_of(client.open(f"{FILES}/{path}", method=method, headers=headers))
                == NOT_FOUND
            )
    for member_id in (ada.account["id"], missing, "no-id", "a:b"):
        assert client.get(f"/api/v1/members/{member_id}/files", headers=headers).status_code == 404


def test_pages_hold_every_file_once_newest_first(ada):
    ids = [upload(ada, PNG + bytes([number])).get_json()["id"] for number in range(5)]
    url, ids_of_pages, pages = f"{FILES}?limit=2", [], 0
    while url:
        response = ada.client.get(url, headers=ada.headers)
        page = response.get_json()
        assert response.headers.get("Link") == (
            f'<{page["next"]}>; rel="next"' if page["next"] else None
        )
        ids_of_pages += [file["id"] for file in page["files"]]
        url, pages = page["next"], pages + 1
    assert (sorted(ids_of_pages), pages) == (sorted(ids), 3)
    assert ada.client.get(f"{FILES}?limit=0&cursor=x", headers=ada.headers).status_code == 422


def test_quota_problem_reports_limits_and_usage(ada, service):
    service.room(FilesRoom).files._quota_reservations._quota = type(
        service.room(FilesRoom).files._quota_reservations._quota
    )(100, 2, 60)
    assert upload(ada, b"x" * 60).status_code == 201
    response = upload(ada, b"x" * 41)
    assert problem_of(response) == (
        413,
        "application/problem+json",
        {
            "type": QUOTA_EXCEEDED,
            "title": "Quota Exceeded",
            "status": 413,
            "detail": (
                "The quota has no space for the file: delete others, or wait for running uploads."
            ),
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
