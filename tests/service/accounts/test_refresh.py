"""Refresh tokens: rotation, the grace for two tabs and lost responses, and reuse after it."""

from datetime import UTC, datetime, timedelta

import gevent
import pytest

from service.accounts.refresh_token import RefreshToken
from service.accounts.refresh_tokens import RefreshTokens
from service.accounts.room import AccountsRoom
from service.accounts.settings import AccountSettings
from telemetry import SettingError
from tests.clock import Clock
from tests.service.clients import problem
from tests.service.members import AUTH, PASSWORD, bearer, login, member
from tests.service.rate_limits.rate_limit_helpers import counted

REFUSED = (401, "The refresh token is not good, or no longer; log in again.")
GRACE = 30
BEGIN = datetime(2026, 11, 26, 9, tzinfo=UTC)
LOGIN_SECONDS = 30 * 86400


@pytest.fixture
def clock():
    return Clock(BEGIN)


@pytest.fixture
def service(build_service, clock):
    """The whole service on an empty database, with the test's clock."""
    return build_service(now=clock)


@pytest.fixture
def client(service):
    return service.app.test_client()


@pytest.fixture
def first(client):
    """The first refresh token of a login."""
    return member(client).tokens["refresh_token"]


def refresh(client, token: str, **more):
    return client.post(f"{AUTH}/refresh", json={"refresh_token": token}, **more)


def renewed(client, token: str) -> str:
    response = refresh(client, token)
    assert response.status_code == 200, response.get_json(force=True)
    return response.get_json()["refresh_token"]


def results(client) -> dict[str, float]:
    return counted(client, "serene_login_renewals_total")


def test_each_renewal_has_the_next_token(client, first):
    chain = [first]
    for _ in range(4):
        response = refresh(client, chain[-1])
        chain.append(response.get_json()["refresh_token"])
        headers = bearer(response.get_json()["access_token"])
        assert client.get(f"{AUTH}/me", headers=headers).status_code == 200
    assert len(set(chain)) == 5
    assert results(client) == {"renewed": 4}


def test_two_tabs_with_the_same_token_get_the_same_successor(client, first):
    answers = [refresh(client, first) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    one, other = (answer.get_json() for answer in answers)
    assert one["refresh_token"] == other["refresh_token"] != first
    for tokens in (one, other):
        assert client.get(f"{AUTH}/me", headers=bearer(tokens["access_token"])).status_code == 200
    assert results(client) == {"renewed": 1, "grace": 1}
    renewed(client, one["refresh_token"])


def test_many_tabs_at_once_get_the_same_successor(client, first):
    app = client.application
    calls = [gevent.spawn(refresh, app.test_client(), first) for _ in range(8)]
    gevent.joinall(calls, raise_error=True)
    answers = [call.value for call in calls]
    assert [answer.status_code for answer in answers] == [200] * 8
    (successor,) = {answer.get_json()["refresh_token"] for answer in answers}
    assert results(client) == {"renewed": 1, "grace": 7}
    renewed(client, successor)


def test_two_workers_give_the_same_successor(client, first, service, clock):
    database = service.mongo.database
    workers = [
        RefreshTokens(
            database["logins"], database["refresh_tokens"], grace_seconds=GRACE, now=clock
        )
        for _ in range(2)
    ]
    calls = [gevent.spawn(worker.renew, first) for worker in workers * 4]
    gevent.joinall(calls, raise_error=True)
    assert sorted(call.value.result for call in calls) == ["grace"] * 7 + ["renewed"]
    assert len({call.value.token for call in calls}) == 1


def test_late_tab_gets_the_end_of_the_chain(client, first):
    latest = renewed(client, renewed(client, renewed(client, first)))
    assert renewed(client, first) == latest
    renewed(client, latest)


GRACES = {
    "at once": (0, 200),
    "a lost response": (10, 200),
    "the last instant": (GRACE, 200),
    "too late": (GRACE + 0.001, 401),
    "an hour later": (3600, 401),
    "after the document of the used token": (3 * 3600, 401),
    "a day later": (86400, 401),
}


@pytest.mark.parametrize(("seconds", "status"), GRACES.values(), ids=GRACES)
def test_reuse_after_the_grace_ends_the_login(client, first, clock, seconds, status):
    successor = renewed(client, first)
    clock.forward(seconds)
    assert refresh(client, first).status_code == status
    assert refresh(client, successor).status_code == status
    assert results(client) == (
        {"renewed": 2, "grace": 1} if status == 200 else {"renewed": 1, "reuse": 1, "ended": 1}
    )


def test_reuse_in_the_middle_of_the_chain_ends_the_login(client, first, clock):
    chain = [first]
    for _ in range(4):
        clock.forward(900)
        chain.append(renewed(client, chain[-1]))
    clock.forward(GRACE + 1)
    assert problem(refresh(client, chain[2])) == REFUSED
    assert [refresh(client, token).status_code for token in chain] == [401] * 5


def test_reuse_is_logged_and_other_logins_go_on(client, first, clock, caplog):
    other = login(client).get_json()["refresh_token"]
    renewed(client, first)
    clock.forward(GRACE + 1)
    with caplog.at_level("WARNING"):
        assert problem(refresh(client, first)) == REFUSED
    assert [record.getMessage() for record in caplog.records] == [
        "a refresh token was used again after its grace: its login has ended"
    ]
    renewed(client, other)


def test_request_that_was_cut_off_after_its_insert_is_repeated(client, first, service, clock):
    # Only the insert happened: nothing was superseded, nothing was sent.
    room = service.room(AccountsRoom)
    token = RefreshToken.parse(first)
    successor = token.successor()
    room.refresh_tokens._insert(
        successor,
        clock(),
        clock() + timedelta(seconds=LOGIN_SECONDS),
        sealed=token.seal(successor),
    )
    assert renewed(client, first) == successor.text
    renewed(client, successor.text)


@pytest.mark.parametrize("when", ["before", "after"])
def test_logout_during_a_renewal_ends_the_login(client, first, service, monkeypatch, when):
    tokens = service.room(AccountsRoom).refresh_tokens
    insert = tokens._insert

    def insert_and_log_out(*args, **more):
        if when == "before":
            tokens.end(first)
        inserted = insert(*args, **more)
        tokens.end(first)
        return inserted

    monkeypatch.setattr(tokens, "_insert", insert_and_log_out)
    assert problem(refresh(client, first)) == REFUSED
    monkeypatch.undo()
    assert problem(refresh(client, first)) == REFUSED


def test_logout_with_a_used_token_ends_the_login(client, first):
    successor = renewed(client, first)
    assert client.post(f"{AUTH}/logout", json={"refresh_token": first}).status_code == 204
    assert refresh(client, successor).status_code == 401


def test_new_password_ends_a_login_within_its_grace(client, clock):
    ada = member(client)
    first = ada.tokens["refresh_token"]
    successor = renewed(client, first)
    change = {"current_password": PASSWORD, "new_password": "another long password"}
    assert client.post(f"{AUTH}/password", json=change, headers=ada.headers).status_code == 200
    assert [refresh(client, token).status_code for token in (first, successor)] == [401, 401]


def test_login_ends_at_its_time_however_often_it_is_renewed(client, first, clock):
    for _ in range(3):
        clock.forward(LOGIN_SECONDS / 4)
        first = renewed(client, first)
    clock.forward(LOGIN_SECONDS / 4)
    assert problem(refresh(client, first)) == REFUSED


def test_deleted_account_is_not_renewed(client, first, service):
    service.mongo.database["accounts"].delete_many({})
    assert problem(refresh(client, first)) == REFUSED
    assert results(client) == {"gone": 1}


UNKNOWN = {
    "a letter": "x",
    "a dot": ".",
    "two parts": "a.b",
    "other letters": "€.€",
    "long": "x" * 200,
    "a chain's format": f"{'a' * 22}.0-{'0' * 64}",
    "number with zeros": f"{'a' * 22}.00-{'0' * 64}",
    "negative number": f"{'a' * 22}.-1-{'0' * 64}",
    "large number": f"{'a' * 22}.{'9' * 12}-{'0' * 64}",
    "Arabic digits": f"{'a' * 22}.٣-{'0' * 64}",
    "end of line": f"{'a' * 22}.0-{'0' * 64}\n",
    "capital hex": f"{'a' * 22}.0-{'A' * 64}",
}


@pytest.mark.parametrize("token", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_token_is_refused_and_can_be_logged_out(client, token):
    assert problem(refresh(client, token)) == REFUSED
    assert client.post(f"{AUTH}/logout", json={"refresh_token": token}).status_code == 204
    assert results(client) == {"unknown": 1}


def test_forged_secret_or_number_ends_the_login(client, clock):
    for forge in (
        lambda token: f"{token[:-64]}{'0' * 64}",
        lambda token: token.replace(".0-", ".7-", 1),
    ):
        first = login(client).get_json() if results(client) else member(client).tokens
        token = first["refresh_token"]
        assert problem(refresh(client, forge(token))) == REFUSED
        assert problem(refresh(client, token)) == REFUSED


def test_database_holds_no_token(client, first, service):
    successor = renewed(client, first)
    stored = str(list(service.mongo.database["refresh_tokens"].find()))
    for token in (first, successor):
        assert token not in stored
        assert token.rpartition("-")[2] not in stored


def test_used_tokens_are_kept_for_an_hour(client, first, service, clock):
    for _ in range(3):
        first = renewed(client, first)
    kept = [
        document["expires_at"] - clock()
        for document in service.mongo.database["refresh_tokens"].find(sort=[("_id", 1)])
    ]
    assert kept == [timedelta(hours=1)] * 3 + [timedelta(seconds=LOGIN_SECONDS)]


def test_grace_may_be_none(build_service):
    client = build_service({"REFRESH_GRACE_SECONDS": "0"}, now=Clock(BEGIN)).app.test_client()
    first = member(client).tokens["refresh_token"]
    renewed(client, first)
    assert refresh(client, first).status_code == 200  # in the same instant of this clock


@pytest.mark.parametrize("seconds", ["-1", "301", "nan"])
def test_grace_is_bounded(seconds):
    with pytest.raises(SettingError, match="REFRESH_GRACE_SECONDS"):
        AccountSettings.from_env({"REFRESH_GRACE_SECONDS": seconds})
