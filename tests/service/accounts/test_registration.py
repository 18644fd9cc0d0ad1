"""Registration: the same response whether the e-mail has an account or not."""

import json
import re
from datetime import timedelta

import gevent
import pytest
from pymongo.collection import Collection

from tests.service.clients import problem
from tests.service.members import AUTH, EMAIL, PASSWORD, bearer, login, register, registration
from tests.service.rate_limits.rate_limit_helpers import counted

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
OF_THE_REQUEST = {"X-Request-ID", "X-Response-Time", "Server-Timing", "Date", "traceresponse"}


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


def sent(client, **changes):
    return client.post(f"{AUTH}/register", json=registration(**changes))


def outbox(service) -> list[tuple[str, str]]:
    found = service.mongo.database["email_outbox"].find(sort=[("at", 1), ("kind", -1)])
    return [(email["kind"], email["to"]) for email in found]


def test_registration_creates_a_member_who_can_log_in(client):
    response = sent(client, email="Ada@Serene-Mail.com")
    message = response.get_json()["message"]
    assert (response.status_code, response.get_json()) == (
        202,
        {"email": EMAIL, "name": "Ada", "message": message},
    )
    headers = bearer(login(client).get_json()["access_token"])
    account = client.get(f"{AUTH}/me", headers=headers).get_json()
    assert account == {
        "id": account["id"],
        "email": EMAIL,
        "name": "Ada",
        "role": "member",
        "created_at": account["created_at"],
    }
    assert UUID.fullmatch(account["id"])
    assert INSTANT.fullmatch(account["created_at"])


AGAIN = {
    "the same registration": {},
    "another password": {"password": "another long password"},
    "another name": {"name": "Eve"},
    "other case": {"email": "ADA@SERENE-MAIL.COM"},
    "invalid password": {"password": "short"},
    "invalid name": {"name": ""},
    "another member": {"role": "admin"},
}


@pytest.mark.parametrize("changes", AGAIN.values(), ids=AGAIN)
def test_response_is_the_same_with_and_without_an_account(client, changes):
    new = sent(client, **changes)
    taken = sent(client, **changes)
    assert new.status_code == taken.status_code
    assert set(new.headers.keys()) == set(taken.headers.keys())
    for name in set(new.headers.keys()) - OF_THE_REQUEST:
        assert new.headers[name] == taken.headers[name], name
    bodies = [json.loads(response.data) | {"request_id": ""} for response in (new, taken)]
    assert bodies[0] == bodies[1]


def test_account_is_unchanged_when_it_is_registered_again(client, service):
    register(client)
    register(client, password="another long password", name="Eve")
    assert login(client).status_code == 200
    assert login(client, EMAIL, "another long password").status_code == 401
    database = service.mongo.database
    assert [account["name"] for account in database["accounts"].find()] == ["Ada"]
    assert database["credentials"].count_documents({}) == 1
    assert outbox(service) == [("welcome", EMAIL), ("account_exists", EMAIL)]
    assert counted(client, "serene_registrations_total") == {"created": 1, "email_taken": 1}


def test_new_and_taken_e_mail_cost_the_same(client, service, monkeypatch):
    """One hash and as many commands of each kind, so that their times do not differ."""
    calls: list[str] = []
    for name in ("insert_one", "delete_one", "update_one", "find_one"):
        original = getattr(Collection, name)
        monkeypatch.setattr(
            Collection,
            name,
            lambda self, *args, _name=name, _original=original, **more: (
                calls.append(f"{_name} {self.name}") or _original(self, *args, **more)
            ),
        )
    register(client)
    new = calls.copy()
    calls.clear()
    register(client)
    assert calls == new


def test_one_of_many_concurrent_registrations_of_an_email_wins(client, service):
    app = client.application
    calls = [
        gevent.spawn(
            app.test_client().post,
            f"{AUTH}/register",
            json=registration(password=f"a long password {number}"),
        )
        for number in range(8)
    ]
    gevent.joinall(calls, raise_error=True)
    assert [call.value.status_code for call in calls] == [202] * 8
    assert service.mongo.database["accounts"].count_documents({}) == 1
    logins = [login(client, EMAIL, f"a long password {number}").status_code for number in range(3)]
    assert logins.count(200) <= 1
    assert sorted(outbox(service)) == [("account_exists", EMAIL)] * 7 + [("welcome", EMAIL)]


def test_failed_registration_sends_nothing(client, service):
    sent(client, password="short")
    assert outbox(service) == []


def test_e_mail_waits_a_week_for_its_sender(client, service):
    register(client)
    (email,) = service.mongo.database["email_outbox"].find()
    assert email["expires_at"] - email["at"] == timedelta(days=7)
    assert email.keys() == {"_id", "kind", "to", "subject", "text", "at", "expires_at"}
    assert PASSWORD not in str(email)


@pytest.mark.parametrize(("environment", "lines"), [("development", 2), ("production", 0)])
def test_e_mails_are_logged_in_development_only_and_without_the_address(
    build_service, caplog, environment, lines
):
    keys = {"SERENE_TOKEN_KEYS": f"one:{'k' * 32}"}
    settings = {"DEPLOYMENT_ENVIRONMENT": environment, **production_settings(), **keys}
    client = build_service(settings).app.test_client()
    with caplog.at_level("INFO"):
        register(client)
        register(client)
    logged = [record.getMessage() for record in caplog.records if "email_outbox" in record.name]
    assert len(logged) == lines
    assert "serene-mail" not in "".join(logged)


def production_settings() -> dict[str, str]:
    return {"STRIPE_API_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRET": "whsec_0123456789abcdef"}


MAILBOX = {
    "case of the local part": ("ada@serene-mail.com", "ADA@serene-mail.com"),
    "case of the domain": ("ada@serene-mail.com", "ada@SERENE-Mail.Com"),
    "IDN and its ASCII form": ("ada@bücher.com", "ada@xn--bcher-kva.com"),
    "IDN in capitals": ("ada@bücher.com", "ada@BÜCHER.com"),
    "IDN decomposed": ("ada@bücher.com", "ada@bu\u0308cher.com"),
    "IDN, ASCII form in capitals": ("ada@bücher.com", "ada@XN--BCHER-KVA.com"),
    "Japanese domain": ("ada@例え.com", "ada@xn--r8jz45g.com"),
    "local part decomposed": ("ren\u00e9@serene-mail.com", "rene\u0301@serene-mail.com"),
    "local part in capitals": ("åda@serene-mail.com", "ÅDA@serene-mail.com"),
    "Kelvin sign": ("k@serene-mail.com", "\u212a@serene-mail.com"),
    "Greek": ("ελένη@serene-mail.com", "ΕΛΈΝΗ@serene-mail.com"),
}
MAILBOXES = {
    "dots": ("ada.l@serene-mail.com", "adal@serene-mail.com"),
    "tag": ("ada@serene-mail.com", "ada+news@serene-mail.com"),
    "sharp s": ("strasse@serene-mail.com", "straße@serene-mail.com"),
    "accent": ("rene@serene-mail.com", "ren\u00e9@serene-mail.com"),
    "Cyrillic letter": ("ada@serene-mail.com", "\u0430da@serene-mail.com"),
    "subdomain": ("ada@serene-mail.com", "ada@www.serene-mail.com"),
}


@pytest.mark.parametrize(("one", "other"), MAILBOX.values(), ids=MAILBOX)
def test_spellings_of_a_mailbox_are_one_account(client, service, one, other):
    register(client, email=one)
    register(client, email=other, password="another long password")
    assert login(client, other).status_code == 200
    assert service.mongo.database["credentials"].count_documents({}) == 1


@pytest.mark.parametrize(("one", "other"), MAILBOXES.values(), ids=MAILBOXES)
def test_mailboxes_that_differ_are_accounts_of_their_own(client, service, one, other):
    register(client, email=one)
    register(client, email=other)
    assert service.mongo.database["credentials"].count_documents({}) == 2


def test_login_of_unknown_and_known_e_mail_have_the_same_response(client):
    register(client)
    answers = [login(client, password="wrong password"), login(client, "eve@serene-mail.com")]
    assert {problem(answer) for answer in answers} == {
        (401, "The e-mail or the password is wrong.")
    }
    assert len({frozenset(answer.headers.keys()) for answer in answers}) == 1
