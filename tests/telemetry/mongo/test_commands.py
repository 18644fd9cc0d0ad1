"""Every command has one end, also where pymongo emits none, and its labels stay bounded."""

import contextlib

import gevent
import pytest
from gevent.event import Event
from opentelemetry.trace import SpanKind, StatusCode
from pymongo.errors import DuplicateKeyError, OperationFailure

from telemetry.mongo.cardinality import OTHER
from telemetry.mongo.commands import ABANDONED, COLLECTIONS
from telemetry.requests.record import set_current_record
from tests.support.polling import wait_until
from tests.telemetry.mongo.conftest import YIELDING, hold, pool_of
from tests.telemetry.records import record

KILLS = 5


def durations(observed):
    """Count the observed commands, by operation, collection and error."""
    return observed.series("db_client_operation_duration_seconds_count")


def facts_of(span):
    """Return everything of a span but for what differs from run to run."""
    return {
        "name": span.name,
        "kind": span.kind,
        "status": (span.status.status_code, span.status.description),
        "attributes": dict(span.attributes),
        "events": [event.name for event in span.events],
        "scope": (span.instrumentation_scope.name, span.instrumentation_scope.schema_url),
    }


def span_of(uri, name, status=(StatusCode.UNSET, None), **attributes):
    """Return the expected facts of a command on ``test.commands``; ``__`` in a keyword is a dot."""
    host, port = uri.removeprefix("mongodb://").split(":")
    operation, _, collection = name.partition(" ")
    return {
        "name": name,
        "kind": SpanKind.CLIENT,
        "status": status,
        "attributes": {
            "db.system.name": "mongodb",
            "db.namespace": "test",
            "db.operation.name": operation,
            "db.query.summary": name,
            "db.query.text": operation,
            "server.address": host,
            "server.port": int(port),
            **({"db.collection.name": collection} if collection else {}),
            **{key.replace("__", "."): value for key, value in attributes.items()},
        },
        "events": [],
        "scope": (
            "opentelemetry.instrumentation.pymongo",
            "https://opentelemetry.io/schemas/1.33.0",
        ),
    }


@pytest.fixture
def collection(observed, mongodb_uri):
    """A collection with three documents, and nothing observed yet."""
    collection = observed.connect(mongodb_uri).test.commands
    collection.drop()
    collection.insert_many(
        [{"_id": number, "email": f"{number}@serene.test"} for number in range(3)]
    )
    observed.exporter.clear()
    return collection


def test_span_has_the_command_without_its_values(observed, mongodb_uri, collection):
    assert len(list(collection.find({"email": {"$ne": "secret"}}, batch_size=2))) == 3
    collection.delete_many({"_id": 7})
    collection.insert_many([{"_id": 10}, {"_id": 11}])
    assert [facts_of(span) for span in observed.exporter.get_finished_spans()] == [
        span_of(
            mongodb_uri, "find commands", db__query__text='find {"filter":{"email":{"$ne":"?"}}}'
        ),
        span_of(mongodb_uri, "getMore commands"),
        span_of(mongodb_uri, "delete commands", db__query__text='delete {"q":{"_id":"?"}}'),
        span_of(mongodb_uri, "insert commands", db__operation__batch__size=2),
    ]


def test_duplicate_key_in_a_reply_with_ok_is_an_error(observed, mongodb_uri, collection):
    with pytest.raises(DuplicateKeyError):
        collection.insert_one({"_id": 1})
    [span] = observed.exporter.get_finished_spans()
    assert facts_of(span) == span_of(
        mongodb_uri,
        "insert commands",
        (StatusCode.ERROR, "DuplicateKey"),
        error__type="DuplicateKey",
        db__response__status_code="11000",
    )
    assert durations(observed)["insert", "commands", "DuplicateKey"] == 1


def test_error_of_the_server_is_recorded_by_its_name_and_never_by_its_text(
    observed, mongodb_uri, collection
):
    with pytest.raises(OperationFailure):
        collection.find_one({"$email@serene.test": 1})
    [span] = observed.exporter.get_finished_spans()
    assert facts_of(span) == span_of(
        mongodb_uri,
        "find commands",
        (StatusCode.ERROR, "BadValue"),
        error__type="BadValue",
        db__response__status_code="2",
        db__query__text='find {"filter":{"$email@serene.test":"?"}}',
    )
    assert durations(observed)["find", "commands", "BadValue"] == 1


def test_broken_connection_is_an_error_of_its_exception(observed, own_mongodb):
    client = observed.connect(own_mongodb.uri, retryReads=False, serverSelectionTimeoutMS=200)
    client.admin.command("ping")
    own_mongodb.stop()
    with pytest.raises(Exception, match="closed"):
        client.admin.command("ping")
    _, span = observed.exporter.get_finished_spans()
    assert span.attributes["error.type"] == "AutoReconnect"
    assert span.status.description.startswith(own_mongodb.uri.removeprefix("mongodb://"))
    assert durations(observed) == {("ping", "", ""): 1, ("ping", "", "AutoReconnect"): 1}


@pytest.fixture
def frozen(observed, own_mongodb):
    """A client with five connections to a server that hangs, and nothing observed yet."""
    client = observed.connect(own_mongodb.uri)
    pool = pool_of(client)
    holders = [hold(pool) for _ in range(KILLS)]
    wait_until(lambda: observed.pool()[0] == KILLS)
    gevent.killall(holders)
    own_mongodb.freeze()
    observed.exporter.clear()
    yield client
    own_mongodb.thaw()


@pytest.mark.parametrize(
    "error",
    [gevent.GreenletExit(), gevent.Timeout(1), SystemExit(3)],
    ids=lambda error: type(error).__name__,
)
def test_killed_commands_end_their_spans_at_once(observed, own_mongodb, frozen, error):
    requests = [record() for _ in range(KILLS)]

    def serve(request):
        set_current_record(request)
        with contextlib.suppress(gevent.Timeout, SystemExit):
            frozen.test.commands.find_one({"_id": 1})
        gevent.sleep(60)  # unless it was killed, the greenlet lives on

    clients = [gevent.spawn(serve, request) for request in requests]
    wait_until(lambda: observed.telemetry.open_commands == KILLS)
    assert observed.pool() == (KILLS, 0, 0, 0)
    gevent.killall(clients, error, block=False)
    wait_until(lambda: observed.telemetry.open_commands == 0)
    assert observed.pool() == (0, 0, 0, 0)
    assert observed.telemetry._commands._spans._span_dict == {}
    name = type(error).__name__
    expected = span_of(
        own_mongodb.uri,
        "find commands",
        (StatusCode.ERROR, f"ended by {name}"),
        error__type=name,
        db__query__text='find {"filter":{"_id":"?"}}',
    )
    assert [facts_of(span) for span in observed.exporter.get_finished_spans()] == [expected] * KILLS
    assert durations(observed)["find", "commands", name] == KILLS
    assert [list(request.phase_seconds) for request in requests] == [["db"]] * KILLS
    gevent.killall(clients)


def strike_twice(greenlet, error):
    """Interrupt a command, and then the return of its connection, which yields once.

    The pool emits no event for either.
    """
    greenlet.kill(error, block=False)
    greenlet.kill(error, block=False)
    gevent.sleep(0.01)


@YIELDING
def test_command_without_an_end_is_ended_by_the_sweep(observed, frozen):
    victim = gevent.spawn(frozen.test.commands.find_one, {"_id": 1})
    wait_until(lambda: observed.telemetry.open_commands == 1)
    strike_twice(victim, gevent.GreenletExit)
    victim.join()
    assert observed.telemetry.open_commands == 1
    assert observed.pool() == (
        0,
        KILLS - 1,
        0,
        0,
    )  # its connection was closed, as only the pool itself knows
    observed.telemetry.sweep()
    assert observed.telemetry.open_commands == 0
    [span] = observed.exporter.get_finished_spans()
    assert (span.name, span.attributes["error.type"]) == ("find commands", "GreenletExit")


@YIELDING
def test_command_without_an_end_is_ended_by_the_next_of_its_greenlet(observed, own_mongodb, frozen):
    def work():
        with contextlib.suppress(gevent.Timeout):
            frozen.test.commands.find_one({"_id": 1})
        proceed.wait()
        frozen.test.commands.find_one({"_id": 2})

    proceed = Event()
    greenlet = gevent.spawn(work)
    wait_until(lambda: observed.telemetry.open_commands == 1)
    strike_twice(greenlet, gevent.Timeout(1))
    own_mongodb.thaw()
    proceed.set()
    greenlet.get()
    assert [
        span.attributes.get("error.type") for span in observed.exporter.get_finished_spans()
    ] == [ABANDONED, None]
    assert durations(observed)["find", "commands", ABANDONED] == 1


def test_waits_are_on_the_request_that_asked(observed, mongodb_uri, collection):
    request, other = record(), record()

    def serve(request):
        set_current_record(request)
        collection.find_one({"_id": 1})

    gevent.joinall([gevent.spawn(serve, request)], raise_error=True)
    assert list(request.phase_seconds) == ["db"]
    assert all(0 < seconds < 60 for seconds in request.phase_seconds.values())
    assert other.phase_seconds == {}


def test_span_is_a_child_of_what_was_current(observed, mongodb_uri, collection):
    tracer = observed.provider.get_tracer("test")
    with tracer.start_as_current_span("request") as parent:
        collection.find_one({"_id": 1})
    collection.find_one({"_id": 1})
    child, _, root = observed.exporter.get_finished_spans()
    assert (child.parent.span_id, child.context.trace_id) == (
        parent.context.span_id,
        parent.context.trace_id,
    )
    assert root.parent is None


def test_own_commands_of_the_driver_are_not_observed(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    client.admin.command("hello")
    client.close()
    assert observed.exporter.get_finished_spans() == ()
    assert durations(observed) == {}


def test_labels_are_bounded_whatever_the_commands(observed, mongodb_uri):
    client = observed.connect(mongodb_uri)
    for number in range(COLLECTIONS + 20):
        client.test[f"collection-{number}"].find_one({})
    client.admin.command("buildInfo")
    counts = durations(observed)
    assert len(counts) == COLLECTIONS + 2
    assert counts["find", OTHER, ""] == 20
    assert counts[OTHER, "", ""] == 1
