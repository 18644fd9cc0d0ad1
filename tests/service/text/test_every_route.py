"""Names of the world through every route that takes text, and back out of every route with them."""

from collections.abc import Iterator
from urllib.parse import quote, unquote

import icalendar
import pytest

from tests.machine import PATIENCE_SECONDS
from tests.model_server import ModelServer
from tests.service.members import AUTH, PASSWORD, login, registration, with_role
from tests.service.privacy.test_journey import PROFILE
from tests.service.rooms import is_served
from tests.service.sessions.api import SessionsApi
from tests.service.sessions.clinic import Clinic
from tests.service.text.fields import text_fields
from tests.service.text.names import REFUSED_LINES, TAKEN

POSTS = "/api/v1/blog/posts"
MESSAGES = "/api/v1/companion/messages"
FILES = "/api/v1/files"
POST = f"{POSTS}/{{slug}}"
THERAPIST = "/api/v1/therapists/me"
WEBHOOK = "/api/v1/payments/webhook"
"""Its texts are a machine's, Stripe's own ids."""

COVERED = {
    ("POST", f"{AUTH}/register"): {"email", "name"},
    ("POST", f"{AUTH}/login"): {"email"},
    ("PUT", THERAPIST): {"name", "title", "bio"},
    ("POST", POSTS): {"title", "summary", "category", "tags[]", "body"},
    ("PUT", POST): {"title", "summary", "category", "tags[]", "body"},
    ("PATCH", POST): {"title", "summary", "category", "tags[]", "body"},
    ("GET", POSTS): {"tag", "category"},
    ("POST", MESSAGES): {"message", "conversation_id"},
    ("POST", FILES): {"Content-Disposition"},
}
"""By operation, what is sent here, in ``test_email_addresses`` and in the blog's ``test_names``."""

OF_FILES = {
    "arabic with a mark of direction": "شركة C++",
    "hebrew with a mark of direction": "דוד (1)",
    "khmer": "ព្រះបាទនរោត្តម",
    "private use": "Tim .txt",
    "soft hyphen": "Donaudampfschiff",
    "two spaces": "Ada Lovelace",
}
"""Names that are others as names of files: without characters that are invisible or turn text."""


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    """A stand-in for the language model."""
    with ModelServer() as server:
        server.reset()
        yield server


@pytest.fixture
def environ(environ: dict[str, str], model: ModelServer) -> dict[str, str]:
    """A companion that replies, and no limits."""
    steps = ("CONNECT", "FIRST_BYTE", "ANSWER")
    return environ | {
        "COMPANION_BASE_URL": model.url,
        "RATE_LIMITS": "false",
        **{f"COMPANION_{what}_TIMEOUT_SECONDS": str(PATIENCE_SECONDS) for what in steps},
    }


@pytest.fixture
def client(service):
    """A client on an empty database."""
    return service.app.test_client()


def test_every_text_field_of_the_api_is_covered(client):
    document = client.get("/api/v1/openapi.json").get_json()
    covered = {
        (method, path, name)
        for (method, path), fields in COVERED.items()
        for name in fields
        if is_served(path)
    }
    found = {one for one in text_fields(document) if one[1] != WEBHOOK and one[2] != "cursor"}
    assert found == covered


@pytest.mark.slow
def test_names_are_returned_by_the_routes_of_accounts(client):
    found = {}
    for number, (label, (sent, _)) in enumerate(TAKEN.items()):
        email = f"{number}@serene-mail.com"
        body = registration(email=email, name=sent)
        client.post(f"{AUTH}/register", json=body)
        token = login(client, email, PASSWORD).get_json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        found[label] = client.get(f"{AUTH}/me", headers=headers).get_json()["name"]
    assert found == {label: stored for label, (_, stored) in TAKEN.items()}


@pytest.mark.slow
def test_names_are_returned_by_the_routes_of_the_companion(client, service):
    ada = with_role(client, service, "member")
    wrong = {}
    for label, (sent, _) in TAKEN.items():
        reply = client.post(MESSAGES, json={"message": sent}, headers=ada.headers).get_json()
        url = f"/api/v1/companion/conversations/{reply['conversation_id']}"
        found = client.get(url, headers=ada.headers).get_json()
        if (found["messages"][0]["text"], found["title"]) != (sent, " ".join(sent.split())):
            wrong[label] = found
    unknown = client.post(
        MESSAGES, json={"message": "a", "conversation_id": "林　花"}, headers=ada.headers
    )
    assert (wrong, unknown.status_code) == ({}, 404)


@pytest.mark.slow
def test_names_are_returned_by_therapists_and_in_calendars(build_service, model):
    clinic = Clinic(build_service)
    api = SessionsApi(clinic)
    session_id = api.booked()
    wrong = {}
    for label, (sent, stored) in TAKEN.items():
        profile = PROFILE | {"name": sent, "title": sent, "bio": f"{sent}\n\t{sent}"}
        put = api.put("/therapists/me", profile, clinic.therapist, "therapist").get_json()
        read = api.get(f"/therapists/{clinic.therapist}").get_json()
        file = api.get(f"/sessions/{session_id}/calendar.ics", clinic.member).data
        (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
        expected = {"name": stored, "title": stored, "bio": profile["bio"]}
        found = [{member: body[member] for member in expected} for body in (put, read)]
        if (found, str(event["SUMMARY"])) != ([expected] * 2, f"Session with {stored}"):
            wrong[label] = (found, event["SUMMARY"])
    assert wrong == {}


@pytest.mark.slow
def test_names_of_files_are_returned_by_their_routes(client, service):
    ada = with_role(client, service, "member")
    wrong = {}
    for label, (sent, stored) in TAKEN.items():
        expected = f"{OF_FILES.get(label, stored).removesuffix('.txt')}.txt"
        headers = ada.headers | {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(sent)}.txt"
        }
        as_body = client.post(FILES, data=b"calm", headers=headers).get_json()
        form = (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s.txt"\r\n\r\ncalm'
            b"\r\n--x--\r\n" % sent.encode()
        )
        as_form = client.post(
            FILES, data=form, headers=ada.headers, content_type="multipart/form-data; boundary=x"
        ).get_json()
        read = client.get(as_body["url"], headers=ada.headers).get_json()
        header = client.get(as_body["content_url"], headers=ada.headers).headers[
            "Content-Disposition"
        ]
        found = (as_body["name"], as_form["name"], read["name"], name_in(header))
        if found != (expected,) * 4:
            wrong[label] = (found, expected)
        for body in (as_body, as_form):
            client.delete(body["url"], headers=ada.headers)
    assert wrong == {}


def name_in(header: str) -> str:
    """Return the name in the Content-Disposition of a download."""
    _, _, encoded = header.partition("filename*=UTF-8''")
    return unquote(encoded) or header.partition('filename="')[2].removesuffix('"')


def test_a_line_is_refused_with_the_true_reason(client):
    found = {
        label: client.post(f"{AUTH}/register", json=registration(name=sent)).get_json(force=True)
        for label, (sent, _) in REFUSED_LINES.items()
    }
    assert {label: (body["status"], body["errors"]) for label, body in found.items()} == {
        label: (422, [{"field": "name", "reason": reason}])
        for label, (_, reason) in REFUSED_LINES.items()
    }


def test_half_of_a_surrogate_pair_is_refused(client):
    body = b'{"email": "ada@serene-mail.com", "password": "a long password", "name": "\\ud83d"}'
    response = client.post(f"{AUTH}/register", data=body, content_type="application/json")
    assert (response.status_code, response.get_json(force=True)["detail"]) == (
        400,
        "The body is not JSON.",
    )
