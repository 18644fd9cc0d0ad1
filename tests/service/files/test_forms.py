"""Uploads in a form: one file, other fields, and malformed forms."""

import hashlib

import pytest

from tests.service.files.calls import FILES, stored, upload
from tests.service.files.samples import PNG


def test_form_with_one_file_is_stored_like_a_body(ada):
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
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\ncalm'
            b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncalm'
            b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\ncalm'
            b"\r\n--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
    ],
)
def test_malformed_form_is_refused_and_leaves_nothing(ada, service, body, content_type):
    response = upload(ada, body, content_type=content_type)
    assert (response.status_code, response.content_type, stored(service)) == (
        400,
        "application/problem+json",
        (0, 0, 0),
    )


@pytest.mark.parametrize(("others", "status"), [(100, 201), (1001, 400)])
def test_number_of_form_fields_is_limited(ada, others, status):
    fields = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\ntea\r\n' % number
        for number in range(others)
    )
    form = (
        fields
        + b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncalm'
        + b"\r\n--x--\r\n"
    )
    assert upload(ada, form, content_type="multipart/form-data; boundary=x").status_code == status


def test_endless_form_is_not_buffered(ada, service):
    for endless in (b"x" * 2_000_000, b"--x\r\nX-Head: " + b"x" * 2_000_000):
        response = upload(ada, endless, content_type="multipart/form-data; boundary=x")
        assert (response.status_code, response.get_json()["detail"]) == (
            400,
            "The form cannot be read.",
        )
    assert stored(service) == (0, 0, 0)
