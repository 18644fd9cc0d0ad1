"""Bodies over the limit are refused, in the app without a server."""

import io

import pytest

from tests.service.http.middleware.app import BODY_LIMIT, UPLOAD_LIMIT


class InstrumentedApp(io.BytesIO):
    """A body that counts the bytes that were read."""

    taken = 0

    def read(self, size=-1):
        found = super().read(size)
        self.taken += len(found)
        return found


def problem(response, path, limit):
    return {
        "type": "urn:serene:problem:body-too-large",
        "title": "Body Too Large",
        "status": 413,
        "detail": f"The body of this request may have {limit} bytes at most.",
        "instance": path,
        "request_id": response.headers["X-Request-ID"],
        "limit_bytes": limit,
    }


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/api/v1/json", BODY_LIMIT),
        ("/api/v1/blind", BODY_LIMIT),
        ("/api/v1/upload", UPLOAD_LIMIT),
        ("/nothing", BODY_LIMIT),
    ],
)
def test_announced_length_over_the_limit_is_refused_before_reading(client, path, limit):
    body = InstrumentedApp(b"x" * (limit + 1))
    response = client.post(path, input_stream=body, content_length=limit + 1)
    assert (response.status_code, response.content_type, response.headers["Connection"]) == (
        413,
        "application/problem+json",
        "close",
    )
    assert response.get_json(force=True) == problem(response, path, limit)
    assert body.taken == 0


@pytest.mark.parametrize(
    ("path", "limit"), [("/api/v1/json", BODY_LIMIT), ("/api/v1/upload", UPLOAD_LIMIT)]
)
def test_body_without_a_length_is_read_up_to_the_limit(client, path, limit):
    body = InstrumentedApp(b"x" * 2 * limit)
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    response = client.post(path, input_stream=body, environ_overrides=environ)
    assert (response.status_code, response.get_json(force=True)) == (
        413,
        problem(response, path, limit),
    )
    assert body.taken == limit + 1


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/v1/json", BODY_LIMIT), ("/api/v1/blind", BODY_LIMIT), ("/api/v1/upload", UPLOAD_LIMIT)],
)
@pytest.mark.parametrize(
    "environ",
    [{}, {"wsgi.input_terminated": True}, {"wsgi.input_terminated": True, "CONTENT_LENGTH": ""}],
)
def test_body_of_exactly_the_limit_is_accepted(client, path, limit, environ):
    response = client.post(path, data=b"x" * limit, environ_overrides=environ)
    assert (response.status_code, "Connection" in response.headers) == (200, False)
    assert path == "/api/v1/blind" or str(response.get_json()["got"]).split()[0] == str(limit)


def test_limit_is_a_setting_and_can_be_switched_off(client_of):
    large = {"data": b"x" * 4000}
    assert (
        client_of(REQUEST_BODY_LIMIT_BYTES="4000").post("/api/v1/json", **large).status_code == 200
    )
    assert client_of(REQUEST_BODY_LIMIT="false").post("/api/v1/json", **large).get_json() == {
        "got": 4000
    }
