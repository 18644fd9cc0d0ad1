"""Uploads and downloads of the whole service under gunicorn: memory, and disconnecting clients."""

import contextlib
import hashlib
import http.client
import json
import random
import socket
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient

from tests.machine import PATIENCE_SECONDS
from tests.service.files.samples import PNG
from tests.service.members import AUTH, bearer, registration
from tests.support.polling import wait_until
from tests.support.processes import ServerProcess, gunicorn

pytestmark = pytest.mark.e2e

FILES = "/api/v1/files"
MIB = 1024**2
MOST_RISE_BYTES = 8 * MIB
CONTENT = PNG + random.Random(4).randbytes(25 * MIB - len(PNG))


@pytest.fixture(scope="module")
def database(mongodb_uri):
    client = MongoClient(f"{mongodb_uri}/files_served")
    yield client.get_default_database()
    client.drop_database("files_served")
    client.close()


@pytest.fixture(scope="module")
def server(mongodb_uri, database):
    settings = {
        "MONGODB_URI": f"{mongodb_uri}/{database.name}",
        "PASSWORD_TIME_COST": 1,
        "PASSWORD_MEMORY_KIB": 8,
    }
    with gunicorn(app="service.wsgi:app", **settings) as server:
        wait_until(
            lambda: (
                server.process.poll() is None
                and server.get("/api/v1/health/readiness").status == 200
            ),
            what="an answer",
        )
        yield server


def send(server: ServerProcess, method: str, path: str, body=None, **headers: str):
    with contextlib.closing(
        http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE_SECONDS)
    ) as connection:
        connection.request(
            method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        digest = hashlib.sha256()
        first = b""
        while piece := response.read(65536):
            first = first or piece
            digest.update(piece)
        return response.status, dict(response.getheaders()), first, digest.hexdigest()


@pytest.fixture(scope="module")
def headers(server):
    for route in ("register", "login"):
        given = (
            registration()
            if route == "register"
            else {name: registration()[name] for name in ("email", "password")}
        )
        _, _, body, _ = send(
            server, "POST", f"{AUTH}/{route}", json.dumps(given), Content_Type="application/json"
        )
    return bearer(json.loads(body)["access_token"])


@pytest.fixture
def peak(server):
    """The worker's high-water mark of memory: reset now, read later."""
    (worker,) = server.workers
    resident = psutil.Process(worker).memory_info().rss
    Path(f"/proc/{worker}/clear_refs").write_text("5")

    def rise() -> int:
        status = Path(f"/proc/{worker}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 - resident

    return rise


def chunks(content):
    for start in range(0, len(content), 100_000):
        yield content[start : start + 100_000]


@pytest.fixture(scope="module")
def warm(server, headers):
    """The first request of a kind loads code and opens connections."""
    status, _, body, _ = send(server, "POST", FILES, PNG, **headers)
    assert status == 201
    return send(server, "GET", json.loads(body)["content_url"], **headers)[0] == 200


FORM = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="calm.png"\r\n\r\n',
    b"\r\n--x--\r\n",
)


def test_largest_upload_and_download_use_bounded_memory(server, headers, warm, peak):
    status, _, body, _ = send(server, "POST", FILES, CONTENT, **headers)
    rise_of_upload = peak()
    assert (status, json.loads(body)["sha256"]) == (201, hashlib.sha256(CONTENT).hexdigest()), body
    status, about, _, digest = send(server, "GET", json.loads(body)["content_url"], **headers)
    assert (status, about["Content-Length"], digest) == (
        200,
        str(len(CONTENT)),
        hashlib.sha256(CONTENT).hexdigest(),
    )
    print(f"rise of upload {rise_of_upload / MIB:.1f} MiB, of both {peak() / MIB:.1f} MiB")
    assert rise_of_upload < MOST_RISE_BYTES
    assert peak() < MOST_RISE_BYTES
    assert send(server, "DELETE", json.loads(body)["url"], **headers)[0] == 204


@pytest.mark.parametrize("kind", ["chunked", "form"])
def test_chunked_and_form_uploads_use_bounded_memory(server, headers, warm, peak, kind):
    if kind == "chunked":
        status, _, body, _ = send(server, "POST", FILES, chunks(CONTENT), **headers)
    else:
        form = FORM[0] + CONTENT[:-1000] + FORM[1]
        status, _, body, _ = send(
            server, "POST", FILES, form, Content_Type="multipart/form-data; boundary=x", **headers
        )
    rise = peak()
    print(f"rise {rise / MIB:.1f} MiB")
    assert status == 201, body
    assert rise < MOST_RISE_BYTES
    assert send(server, "DELETE", json.loads(body)["url"], **headers)[0] == 204


def document_counts(database):
    return tuple(
        database[f"uploads.{name}"].count_documents({})
        for name in ("files", "chunks", "reservations")
    )


def request_head(headers, *more):
    lines = [
        f"POST {FILES} HTTP/1.1",
        "Host: serene.test",
        *(f"{name}: {value}" for name, value in headers.items()),
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("announcement", "frame"),
    [
        (f"Content-Length: {20 * MIB}", b"%b"),
        ("Transfer-Encoding: chunked", b"300000\r\n%b\r\n"),
        ("Transfer-Encoding: chunked", b"400000\r\n%b"),
    ],
    ids=["with a length", "between chunks", "in a chunk"],
)
def test_client_disconnect_during_an_upload_leaves_nothing(
    server, headers, warm, database, announcement, frame
):
    before = document_counts(database)
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS) as client:
        client.sendall(
            request_head(headers, announcement) + frame % (PNG + bytes(3 * MIB - len(PNG)))
        )
        wait_until(
            lambda: document_counts(database)[1:] > (before[1] + 1, 1), what="chunks of the upload"
        )
    wait_until(lambda: document_counts(database) == before, what="nothing left")
    assert [
        line
        for line in server.lines
        if line["level"] in ("ERROR", "CRITICAL") and line.get("route") == FILES
    ] == []


def test_download_of_a_file_removed_meanwhile_is_truncated(server, headers, warm):
    _, _, body, _ = send(server, "POST", FILES, CONTENT, **headers)
    with contextlib.closing(server.connection()) as connection:
        connection.request("GET", json.loads(body)["content_url"], headers=headers)
        response = connection.getresponse()
        received = response.read(1000)
        assert send(server, "DELETE", json.loads(body)["url"], **headers)[0] == 204
        with contextlib.suppress(ConnectionResetError, http.client.IncompleteRead):
            while piece := response.read(65536):
                received += piece
    assert len(received) < len(CONTENT)
    assert CONTENT.startswith(received)


def test_upload_over_quota_is_refused_before_the_body_is_sent(server, headers, warm, database):
    announced = 25 * MIB
    database["uploads.reservations"].drop()
    owner = database["uploads.files"].find_one()["metadata"]["owner_id"]
    full = {"_id": "full", "length": 249 * MIB, "metadata": {"owner_id": owner}}
    database["uploads.files"].insert_one(full)
    try:
        with socket.create_connection(
            ("127.0.0.1", server.port), timeout=PATIENCE_SECONDS
        ) as client:
            client.sendall(
                request_head(headers, f"Content-Length: {announced}", "Expect: 100-continue")
            )
            assert client.makefile("rb").readline().split()[1] == b"413"
    finally:
        database["uploads.files"].delete_one({"_id": "full"})
