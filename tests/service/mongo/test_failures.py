"""Errors of MongoDB through real routes: status, log, metric, and what the client reads."""

from urllib.parse import urlsplit

import gevent
import pytest
from bson.errors import InvalidBSON, InvalidDocument
from pymongo import errors

from service.mongo import failures
from service.mongo.connection_bootstrap import ConnectionBootstrap
from service.mongo.failures import KINDS, FailureLog, kind_of
from telemetry.mongo import outcomes
from tests.clock import Clock
from tests.machine import PATIENCE_SECONDS
from tests.service.mongo.wire import CLOSE, SILENCE, proxy
from tests.support.polling import wait_until

READ = "/api/v1/blog/posts"
REGISTER = "/api/v1/auth/register"
PERSON = {"email": "canary@serene-mail.com", "password": "a calm long evening", "name": "Canary"}
CANARY = "canary: dup key { email: 'canary@serene-mail.com' }"


@pytest.fixture
def wire(database_uri):
    """A proxy in front of the shared MongoDB."""
    parts = urlsplit(database_uri)
    with proxy((parts.hostname, parts.port)) as found:
        yield found


@pytest.fixture
def environ(wire, environ, database_uri):
    """Settings of a service behind the proxy, with short time-outs."""
    return environ | {
        "MONGODB_URI": f"mongodb://127.0.0.1:{wire.port}{urlsplit(database_uri).path}",
        "MONGODB_SOCKET_TIMEOUT_SECONDS": "2",
        "MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "0.3",
        "MONGODB_MIN_POOL_SIZE": "0",
    }


@pytest.fixture
def client(build_service, wire):
    yield build_service().app.test_client()
    wire.answers.clear()


@pytest.fixture
def counted(telemetry):
    def read():
        name = "serene_database_failures_total"
        (family,) = telemetry.registry.restricted_registry([name]).collect()
        return {one.labels["kind"]: one.value for one in family.samples if one.name == name}

    return read


def failed(code, name, **members):
    return {"ok": 0.0, "errmsg": CANARY, "code": code, "codeName": name, **members}


def write_error(code, **members):
    return {"ok": 1.0, "n": 0, "writeErrors": [{"index": 0, "code": code, "errmsg": CANARY}]}


def concern(code, name):
    error = {"code": code, "codeName": name, "errmsg": CANARY}
    return {"ok": 1.0, "n": 1, "writeConcernError": error}


READS = [
    (failed(50, "MaxTimeMSExpired"), "timed_out"),
    (failed(262, "ExceededTimeLimit"), "timed_out"),
    (SILENCE, "timed_out"),
    (CLOSE, "unreachable"),
    (failed(10107, "NotWritablePrimary"), "not_primary"),
    (failed(13435, "NotPrimaryNoSecondaryOk"), "not_primary"),
    (failed(189, "PrimarySteppedDown"), "not_primary"),
    (failed(13436, "NotPrimaryOrSecondary"), "not_primary"),
    (failed(91, "ShutdownInProgress"), "interrupted"),
    (failed(11600, "InterruptedAtShutdown"), "interrupted"),
    (failed(11602, "InterruptedDueToReplStateChange"), "interrupted"),
    (failed(11601, "Interrupted"), "interrupted"),
    (failed(43, "CursorNotFound"), "interrupted"),
    (failed(112, "WriteConflict", errorLabels=["TransientTransactionError"]), "interrupted"),
    (failed(7777, "New", errorLabels=["TransientTransactionError"]), "interrupted"),
    (failed(13, "Unauthorized"), "unauthorized"),
    (failed(18, "AuthenticationFailed"), "unauthorized"),
    (failed(391, "ReauthenticationRequired"), "unauthorized"),
    (failed(146, "ExceededMemoryLimit"), "resources"),
    (failed(292, "QueryExceededMemoryLimitNoDiskUseAllowed"), "resources"),
    (failed(2, "BadValue"), "invalid"),
    (failed(59, "CommandNotFound"), "invalid"),
    ({"ok": 0.0, "errmsg": CANARY}, "invalid"),
]
WRITES = [
    (failed(50, "MaxTimeMSExpired"), "timed_out"),
    (SILENCE, "timed_out"),
    (CLOSE, "unreachable"),
    (failed(10107, "NotWritablePrimary"), "not_primary"),
    (failed(13, "Unauthorized"), "unauthorized"),
    (write_error(13), "unauthorized"),
    (write_error(14031), "storage_full"),
    (failed(14031, "OutOfDiskSpace"), "storage_full"),
    (write_error(112), "interrupted"),
    (concern(64, "WriteConcernFailed"), "write_concern"),
    (concern(100, "UnsatisfiableWriteConcern"), "write_concern"),
    (concern(91, "ShutdownInProgress"), "interrupted"),
    (write_error(121), "invalid"),
    (write_error(10334), "resources"),
    (write_error(4321), "invalid"),
]
BY_NAME = {kind.name: kind for kind in KINDS}


def name_of(row):
    answer = row[0]
    if isinstance(answer, str):
        return answer
    inner = next(iter(answer.get("writeErrors", ())), answer.get("writeConcernError", answer))
    return f"{inner.get('code')}-{answer['ok']:g}"


def assert_outcome(response, name, counted, caplog):
    kind = BY_NAME[name]
    body = response.get_json(force=True)
    assert (response.status_code, response.content_type) == (
        kind.status,
        "application/problem+json",
    )
    assert body["request_id"] == response.headers["X-Request-ID"]
    retry = str(kind.retry_after_seconds) if kind.status == 503 else None
    assert (response.headers.get("Retry-After"), counted()) == (retry, {name: 1.0})
    (line,) = [one for one in caplog.records if one.name == "service.mongo"]
    assert (line.levelno, kind.words in line.getMessage()) == (kind.level, True)
    assert "canary" not in (caplog.text + response.get_data(as_text=True)).lower()


@pytest.mark.parametrize(("answer", "name"), READS, ids=map(name_of, READS))
def test_failed_read_has_the_outcome_of_its_kind(client, wire, counted, caplog, answer, name):
    wire.answers["find"] = answer
    assert_outcome(client.get(READ), name, counted, caplog)
    wire.answers.clear()
    assert client.get(READ).status_code == 200


@pytest.mark.parametrize(("answer", "name"), WRITES, ids=map(name_of, WRITES))
def test_failed_write_has_the_outcome_of_its_kind(client, wire, counted, caplog, answer, name):
    wire.answers["insert"] = answer
    assert_outcome(client.post(REGISTER, json=PERSON), name, counted, caplog)


def test_exhausted_pool_is_a_kind_of_its_own(build_service, wire, counted, caplog):
    patient = {"MONGODB_SOCKET_TIMEOUT_SECONDS": str(PATIENCE_SECONDS)}
    client = build_service({"MONGODB_MAX_POOL_SIZE": "1"} | patient).app.test_client()
    wire.answers["find"], before = SILENCE, wire.seen["find"]
    waiting = gevent.spawn(client.application.test_client().get, READ)
    wait_until(lambda: wire.seen["find"] > before, what="the first request holds the connection")
    assert_outcome(client.get(READ), "pool_exhausted", counted, caplog)
    waiting.kill()
    wire.answers.clear()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.ServerSelectionTimeoutError("x"), "unreachable"),
        (errors.AutoReconnect("x"), "unreachable"),
        (errors.WTimeoutError("x", 64), "write_concern"),
        (errors.DuplicateKeyError(CANARY, 11000), "invalid"),
        (errors.BulkWriteError({"writeErrors": [{"code": 14031}]}), "storage_full"),
        (errors.BulkWriteError({"writeConcernErrors": [{"code": 64}]}), "write_concern"),
        (errors.BulkWriteError({}), "invalid"),
        (errors.OperationFailure("x"), "invalid"),
        (errors.OperationFailure("x", 11602), "interrupted"),
        (errors.DocumentTooLarge("x"), "invalid"),
        (errors.InvalidOperation("Cannot use MongoClient after close"), "closed"),
        (errors.InvalidOperation("x"), "invalid"),
        (errors.ConfigurationError("x"), "configuration"),
        (errors.InvalidURI("x"), "configuration"),
        (errors.ProtocolError("x"), "invalid"),
        (InvalidDocument("x"), "invalid"),
        (InvalidBSON("x"), "invalid"),
    ],
    ids=repr,
)
def test_error_of_the_driver_has_a_kind(error, name):
    assert kind_of(error).name == name


def test_each_kind_is_logged_once_in_a_while(caplog):
    clock = Clock(1000.0)
    log, error = FailureLog(clock=clock), errors.OperationFailure(CANARY, 13)
    for seconds in (0, 30, 59, 61, 10):
        clock.now = 1000.0 + seconds
        log.record(kind_of(error), error)
    assert [record.getMessage() for record in caplog.records] == [
        f"MongoDB failed a request: {failures.UNAUTHORIZED.words} (OperationFailure, code 13)"
    ] * 2


class Enough(Exception):
    """Ends a loop of attempts."""


def test_start_without_rights_names_the_setting(caplog):
    def attempt():
        raise errors.OperationFailure(CANARY, 13)

    def sleep(_):
        raise Enough

    bootstrap = ConnectionBootstrap(attempt, sleep=sleep)
    with pytest.raises(Enough):
        bootstrap.run()
    assert "MONGODB_URI" in bootstrap.evidence().reason
    assert "canary" not in caplog.text


@pytest.mark.parametrize("code", [13, 50, 91, 112, 10107, 11600, 14031])
def test_span_names_codes_that_come_without_a_name(code):
    found = outcomes.of_reply({"ok": 1, "writeErrors": [{"code": code, "errmsg": CANARY}]})
    assert (found.status_code, found.error_type.isalpha()) == (str(code), True)
