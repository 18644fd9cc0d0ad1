"""A slow command is reported where the server was slow, and only there, with its plan."""

import logging

import gevent
import pytest

from telemetry.mongo import slow_commands
from telemetry.requests.record import set_current_record
from telemetry.span_names import COMMAND_PLAN_EVENT, SLOW_COMMAND_EVENT
from tests.support.polling import wait_until
from tests.telemetry.mongo.conftest import hold, pool_of
from tests.telemetry.mongo.wire_proxy import WireProxy
from tests.telemetry.records import record

DELAY_SECONDS = 0.25
SHAPE = 'find slow {"filter":{"email":"?"}}'


@pytest.fixture(autouse=True)  # before the clients, which are closed first then
def proxy(mongodb_uri):
    with WireProxy(int(mongodb_uri.rpartition(":")[2])) as proxy:
        yield proxy


@pytest.fixture
def client(observed, proxy):
    """A watched client through the proxy, with three documents in ``test.slow``."""
    client = observed.connect(proxy.uri, maxPoolSize=1)
    client.test.slow.drop()
    client.test.slow.insert_many([{"_id": each, "email": "calm@serene.test"} for each in (1, 2, 3)])
    observed.watch(client)
    return client


def serve(request, work):
    """Run a request in a greenlet of its own."""

    def run():
        request.greenlet = gevent.getcurrent()
        set_current_record(request)
        return work()

    return gevent.spawn(run)


def read(client):
    return list(client.test.slow.find({"email": "calm@serene.test"}))


def events(request, name):
    return [dict(event.attributes) for event in request.events if event.name == name]


def row_of(observed):
    [row] = [row for row in observed.telemetry.query_rows() if row["operation"] == "find"]
    assert (row["collection"], row["shape"]) == ("slow", 'find {"filter":{"email":"?"}}')
    return row


def test_slow_command_is_an_event_a_line_a_count_and_a_row(observed, proxy, client, caplog):
    caplog.set_level(logging.INFO, "telemetry.mongo")
    proxy.delay_seconds["find"] = DELAY_SECONDS
    request = record()
    assert len(serve(request, lambda: read(client)).get()) == 3
    [(_, truth)] = [each for each in proxy.took_seconds if each[0] == "find"]

    [event] = events(request, SLOW_COMMAND_EVENT)
    assert event["db.query.text"] == SHAPE
    assert event["db.collection.name"] == "slow"
    assert event["db.response.returned_rows"] == 3
    assert event["db.wire_seconds"] == pytest.approx(truth, abs=0.05, rel=0.2)
    assert event["db.pool_seconds"] < 0.1
    begin = f"slow command: find slow at {proxy.uri[10:]} took 0."
    [line] = [line for line in caplog.records if line.getMessage().startswith(begin)]
    assert line.levelno == logging.WARNING
    assert "calm@serene.test" not in str(vars(line))
    assert observed.series("db_client_slow_operations_total")["find", "slow"] == 1.0
    row = row_of(observed)
    assert (row["count"], row["slow"], row["documents"]) == (1, 1, 3)
    assert row["totalSeconds"] == row["maxSeconds"] == event["db.wire_seconds"]
    assert row["lastTraceId"] == request.trace_id
    assert request.phase_seconds["db"] == pytest.approx(truth, abs=0.05, rel=0.2)


def test_plan_goes_to_the_table_the_log_and_the_request_in_flight(observed, proxy, client, caplog):
    caplog.set_level(logging.INFO, "telemetry.mongo")
    proxy.delay_seconds["find"] = DELAY_SECONDS
    request = record()

    def work():
        read(client)
        wait_until(lambda: events(request, COMMAND_PLAN_EVENT))
        read(client)

    serve(request, work).get()
    assert events(request, COMMAND_PLAN_EVENT) == [{"db.query.text": SHAPE, "db.plan": "COLLSCAN"}]
    _, second = events(request, SLOW_COMMAND_EVENT)
    assert second["db.plan"] == row_of(observed)["plan"] == "COLLSCAN"
    assert f"plan of {SHAPE}: COLLSCAN" in [line.getMessage() for line in caplog.records]
    [explained] = proxy.named("explain")  # once a minute, however often the command is slow
    assert explained["verbosity"] == "queryPlanner"


def test_write_is_explained_as_a_read(observed, proxy, client):
    proxy.delay_seconds["delete"] = DELAY_SECONDS
    client.test.slow.delete_many({"email": "nobody@serene.test"})
    wait_until(lambda: proxy.named("explain"))
    [explained] = proxy.named("explain")
    assert explained["explain"] == {"find": "slow", "filter": {"email": "nobody@serene.test"}}
    assert client.test.slow.count_documents({}) == 3


def test_hanging_explain_delays_no_request(observed, proxy, client):
    proxy.delay_seconds.update(find=DELAY_SECONDS, explain=60.0)
    read(client)
    wait_until(lambda: proxy.named("explain"))
    proxy.delay_seconds["find"] = 0.0
    with gevent.Timeout(5):
        assert len(read(client)) == 3
    wait_until(lambda: row_of(observed)["plan"].startswith("no plan: "))


def test_time_in_the_pool_makes_no_command_slow(observed, proxy, client):
    holder = hold(pool_of(client))
    wait_until(lambda: observed.pool()[0] == 1)
    request = record()
    waiter = serve(request, lambda: read(client))
    wait_until(lambda: observed.pool()[3] == 1)
    gevent.sleep(DELAY_SECONDS)
    [wait] = request.open_waits
    assert wait.phase == "db_pool_wait"
    assert str(wait.subject).startswith(
        f"a connection of {proxy.uri[10:]}: 1 of 1 in use, 1 waiting"
    )
    holder.kill()
    waiter.get()
    assert request.phase_seconds["db_pool_wait"] == pytest.approx(DELAY_SECONDS, abs=0.1, rel=0.5)
    assert events(request, SLOW_COMMAND_EVENT) == []
    assert row_of(observed)["slow"] == 0


def test_time_in_the_pool_is_beside_the_time_on_the_wire(observed, proxy, client):
    holder = hold(pool_of(client))
    wait_until(lambda: observed.pool()[0] == 1)
    proxy.delay_seconds["find"] = DELAY_SECONDS
    request = record()
    waiter = serve(request, lambda: read(client))
    wait_until(lambda: observed.pool()[3] == 1)
    gevent.sleep(0.2)
    holder.kill()
    waiter.get()
    [event] = events(request, SLOW_COMMAND_EVENT)
    assert event["db.pool_seconds"] > 0.15
    assert event["db.wire_seconds"] > 0.2


def test_timed_out_wait_for_a_connection_ends_with_the_timeout(observed, client):
    holder = hold(pool_of(client))
    wait_until(lambda: observed.pool()[0] == 1)
    request = record()

    def work():
        with gevent.Timeout(0.1, False):
            read(client)
        return list(request.open_waits)

    assert serve(request, work).get() == []
    holder.kill()
    assert 0.05 < request.phase_seconds["db_pool_wait"] < 5


def test_command_in_flight_is_named_by_its_shape_and_server(observed, proxy, client):
    proxy.delay_seconds["find"] = DELAY_SECONDS
    request = record()
    reading = serve(request, lambda: read(client))
    wait_until(lambda: request.open_waits and request.open_waits[-1].phase == "db")
    server = proxy.uri[10:]
    assert str(request.open_waits[-1].subject) == f"{SHAPE} at {server}"
    [holder] = observed.telemetry.holders()
    assert (holder.pool, holder.command) == (server, f"{SHAPE} at {server}")
    assert holder.request is request
    reading.get()
    assert observed.telemetry.holders() == ()


def test_connect_is_named(observed, own_mongodb):
    with WireProxy(own_mongodb.port) as proxy:
        client = observed.connect(proxy.uri)
        request = record()
        client.admin.command("ping")
        pool = pool_of(client)
        holder = hold(pool)
        wait_until(lambda: observed.pool()[0] == 1)
        proxy.delay_seconds.update(hello=DELAY_SECONDS, ismaster=DELAY_SECONDS)
        connecting = serve(request, lambda: client.admin.command("ping"))
        wait_until(lambda: request.open_waits)
        assert [(each.phase, str(each.subject)) for each in request.open_waits] == [
            ("db_connect", f"to {proxy.uri[10:]}")
        ]
        connecting.get()
        holder.kill()
        assert request.phase_seconds["db_connect"] > 0.2
        client.close()


def test_lines_are_bounded_and_the_rest_is_counted():
    now = [0.0]
    lines = slow_commands.LineLimit(lambda: now[0])
    assert sum(lines.take() for _ in range(50)) == slow_commands.LINES
    assert lines.left_out == 50 - slow_commands.LINES
    now[0] = slow_commands.PERIOD_SECONDS
    assert lines.take()


def test_observer_that_raises_changes_no_answer(observed, client, monkeypatch):
    def fail(*_, **__):
        raise ValueError("planted")

    monkeypatch.setattr(observed.telemetry._slow.table, "of", fail)
    assert len(read(client)) == 3
    assert set(observed.errors) == {"mongo.queries"}
    observed.errors.clear()
