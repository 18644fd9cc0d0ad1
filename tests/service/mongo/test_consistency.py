"""What the driver sends to a replica set: who confirms a write, who answers a read, and in which
session. Each test is on the wire."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.bootstrap import Service
from service.mongo.consistency import WITHOUT_MAJORITY
from tests.machine import PATIENCE_SECONDS
from tests.service.blog.calls import POSTS, TEXT
from tests.service.files.calls import upload
from tests.service.members import AUTH, bearer, login, member, registration, with_role
from tests.service.mongo.replica_set import CLOSE, Command, ReplicaSet, replica_set
from tests.service.sessions.api import SessionsApi
from tests.service.sessions.clinic import Clinic
from tests.support.polling import wait_until

WRITES = ("insert", "update", "delete", "findAndModify")
READS = ("find", "aggregate", "count", "distinct")
MAJORITY = {"w": "majority", "wtimeout": round(PATIENCE_SECONDS * 800)}
THERAPISTS = "/api/v1/therapists"
CLAIMS = {
    "accounts",
    "credentials",
    "logins",
    "refresh_tokens",
    "bookings",
    "booking_outcomes",
    "booking_cancellations",
    "booking_tasks",
    "payment_attempts",
    "payment_results",
    "refunds",
    "slot_sales",
    "answers",
    "answer_leases",
    "booking_leases",
    "posts",
    "post_leases",
    "uploads.files",
    "uploads.chunks",
    "uploads.reservations",
}


@pytest.fixture
def members(database_uri: str) -> Iterator[ReplicaSet]:
    """A replica set of three in front of the shared FerretDB."""
    with replica_set(int(urlsplit(database_uri).port or 0)) as found:
        yield found


@pytest.fixture
def environ(members: ReplicaSet, environ: dict[str, str], database_uri: str) -> dict[str, str]:
    """Settings of a service on the replica set."""
    name = urlsplit(database_uri).path.lstrip("/")
    return environ | {"MONGODB_URI": members.uri(name), "MONGODB_MIN_POOL_SIZE": "0"}


def concern(command: Command) -> Any:
    return command.document.get("writeConcern")


def journey(build_service: Callable[..., Service]) -> Service:
    """Log in, book, pay, cancel, upload, publish, and let a booking expire."""
    clinic = Clinic(build_service)
    api, service = SessionsApi(clinic), clinic.service
    api.cancel(api.paid())
    client = service.app.test_client()
    ada = member(client)
    login(client, password="a wrong password")
    client.post(f"{AUTH}/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    assert upload(ada).status_code == 201
    author = with_role(client, service, "author", email="mara@serene-mail.com")
    posted = client.post(POSTS, json=TEXT, headers=author.headers)
    url = f"{POSTS}/{posted.get_json()['slug']}"
    assert client.post(f"{url}/publish", headers=author.headers).status_code == 200
    api.booked()
    clinic.recover()
    return service


def test_every_write_is_confirmed_by_a_majority_but_those_that_are_named(build_service, members):
    journey(build_service)
    writes = members.named(*WRITES)
    assert {one.collection for one in writes} >= CLAIMS | {"login_attempts", "known_logins"}
    wrong = {
        one.collection: concern(one)
        for one in writes
        if concern(one) != ({"w": 1} if one.collection in WITHOUT_MAJORITY else MAJORITY)
    }
    assert wrong == {}
    assert {one.member for one in writes} == {0}


def test_every_read_is_the_primarys_and_local_where_nothing_else_is_set(build_service, members):
    service = journey(build_service)
    service.app.test_client().get(POSTS)
    reads = members.named(*READS)
    assert {one.member for one in reads} == {0}
    levels = {(one.document["readConcern"]["level"], one.collection) for one in reads}
    # The last one is the public list: no cache stores what an election may undo.
    assert {name for level, name in levels if level == "majority"} == {"posts"}
    assert {level for level, name in levels} == {"local", "majority"}


WEAK = "w=1&readPreference=secondary&readConcernLevel=available&journal=false"


def test_connection_string_cannot_weaken_them(build_service, members, environ):
    service = build_service({"MONGODB_URI": f"{environ['MONGODB_URI']}&{WEAK}"})
    member(service.app.test_client())
    inserted = [one for one in members.named("insert") if one.collection == "credentials"]
    read = [one for one in members.named("find") if one.collection == "credentials"]
    assert [(one.member, concern(one)) for one in inserted] == [(0, MAJORITY)]
    assert {(one.member, one.document["readConcern"]["level"]) for one in read} == {(0, "local")}


def test_mode_of_the_replica_set_confirms_in_place_of_the_majority(build_service, members):
    service = build_service({"MONGODB_WRITE_CONCERN": "twoRegions"})
    member(service.app.test_client())
    inserted = [one for one in members.named("insert") if one.collection == "credentials"]
    assert [concern(one)["w"] for one in inserted] == ["twoRegions"]


@pytest.mark.parametrize("preference", ["secondaryPreferred", "nearest"])
def test_public_read_without_a_token_may_be_a_secondarys(build_service, members, preference):
    service = build_service(
        {"MONGODB_PUBLIC_READS": preference, "MONGODB_MAX_STALENESS_SECONDS": "120"}
    )
    client = service.app.test_client()
    members.commands.clear()
    for path in (POSTS, f"{POSTS}/none", THERAPISTS):
        client.get(path)
    found = members.named("find")
    assert [one.collection for one in found] == ["posts", "posts", "therapists"]
    sent = [one.document["$readPreference"] for one in found]
    assert sent == [{"mode": preference, "maxStalenessSeconds": 120}] * 3
    assert [one.document["readConcern"] for one in found] == [{"level": "majority"}] * 3
    if preference == "secondaryPreferred":
        assert 0 not in {one.member for one in found}


def test_caller_with_a_token_reads_the_primary_for_it_may_have_written(build_service, members):
    service = build_service({"MONGODB_PUBLIC_READS": "secondaryPreferred"})
    client = service.app.test_client()
    members.commands.clear()
    client.get(POSTS, headers=bearer("any"))
    client.get(f"{POSTS}/none", headers=bearer("any"))
    assert [(one.member, one.document["readConcern"]) for one in members.named("find")] == [
        (0, {"level": "local"})
    ] * 2


def test_what_is_not_public_is_never_a_secondarys(build_service, members):
    service = build_service({"MONGODB_PUBLIC_READS": "secondaryPreferred"})
    client = service.app.test_client()
    ada = member(client)
    members.commands.clear()
    for rule in service.app.url_map.iter_rules():
        path = rule.rule.replace("<uuid:", "<").replace("<name>", "swagger-ui.css")
        for before in ("therapist_id", "session_id"):
            path = path.replace(f"<{before}>", ada.account["id"])
        client.get(path, headers=ada.headers)
    # Without a token as well, but for what any cache may store.
    client.get(f"{THERAPISTS}/{ada.account['id']}/slots")
    away = {one.collection for one in members.named(*READS) if one.member != 0}
    assert away == {"therapists"}
    assert len(members.named(*READS)) > 10


def test_secondary_that_is_too_far_behind_is_not_read(build_service, members):
    members.lag_seconds = {1: 1000.0, 2: 1000.0}
    service = build_service({"MONGODB_PUBLIC_READS": "secondaryPreferred"})
    client = service.app.test_client()
    members.commands.clear()
    client.get(POSTS)
    assert [one.member for one in members.named("find")] == [0]


def test_request_that_writes_is_one_causal_session(build_service, members):
    clinic = Clinic(build_service)
    api = SessionsApi(clinic)
    members.commands.clear()
    api.booked()
    commands = members.named(*WRITES, *READS)
    assert len({bytes(one.document["lsid"]["id"]) for one in commands}) == 1
    assert [one.name for one in commands].count("insert") > 1
    assert [one.document["readConcern"]["afterClusterTime"] for one in commands[1:]] == [
        before.response["operationTime"] for before, _ in pairwise(commands)
    ]


def test_two_requests_share_no_session_and_reads_wait_for_none(build_service, members):
    service = build_service()
    client = service.app.test_client()
    members.commands.clear()
    client.get(POSTS)
    client.get(f"{POSTS}/none")
    assert [one.document["readConcern"] for one in members.named("find")] == [
        {"level": "majority"}
    ] * 2


def test_session_of_a_request_ends_with_it(build_service, members):
    service = build_service()
    client = service.app.test_client()
    for number in range(3):
        member(client, email=f"{number}@serene-mail.com")
    used = {bytes(one.document["lsid"]["id"]) for one in members.commands if "lsid" in one.document}
    assert len(used) == 1  # it goes back to the driver's pool each time


def test_write_whose_connection_breaks_is_sent_once_more(build_service, members):
    service = build_service()
    members.commands.clear()
    members.answers["insert"] = [CLOSE, None]
    ada = member(service.app.test_client())
    assert ada.account["email"]
    first, second = members.named("insert")[:2]
    assert first.response == {}
    assert second.response["ok"] == 1.0
    names = ("insert", "lsid", "txnNumber", "writeConcern")
    assert [first.document[name] for name in names] == [second.document[name] for name in names]


def test_write_during_an_election_is_sent_once_more(build_service, members):
    refused = {
        "ok": 0.0,
        "errmsg": "not primary",
        "code": 10107,
        "codeName": "NotWritablePrimary",
        "errorLabels": ["RetryableWriteError"],
    }
    service = build_service()
    members.commands.clear()
    members.answers["insert"] = [refused, None]
    member(service.app.test_client())
    first, second = members.named("insert")[:2]
    assert first.document["txnNumber"] == second.document["txnNumber"]
    wait_until(
        lambda: service.mongo.client.primary is not None,
        timeout_seconds=PATIENCE_SECONDS,
        what="the primary is known again",
    )


def test_write_waits_for_its_majority_for_less_than_the_socket_time_out(build_service, members):
    service = build_service({"MONGODB_SOCKET_TIMEOUT_SECONDS": "10"})
    member(service.app.test_client())
    inserted = [one for one in members.named("insert") if one.collection == "credentials"]
    assert [concern(one) for one in inserted] == [{"w": "majority", "wtimeout": 8000}]


def test_write_that_no_majority_confirms_is_a_503(build_service, members):
    failure = {"code": 64, "codeName": "WriteConcernFailed", "errmsg": "waiting timed out"}
    service = build_service()
    members.answers["insert"] = [{"ok": 1.0, "n": 1, "writeConcernError": failure}]
    response = service.app.test_client().post(f"{AUTH}/register", json=registration())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
