"""The debug pages of MongoDB: the same facts for people and for tools, and values nowhere."""

from telemetry.config import TelemetryConfig
from telemetry.debug_page import Link
from telemetry.mongo.pages import POOL, QUERIES
from telemetry.mongo.query_table import MOST_SHAPES, QueryTable
from telemetry.optional_mongo import PAGES, OptionalMongo
from tests.support.polling import wait_until
from tests.telemetry.mongo.conftest import hold, pool_of


def test_pages_are_empty_without_a_client(observed):
    optional = OptionalMongo(
        TelemetryConfig(), observed.metrics, observed.telemetry._guard, observed.provider
    )
    pages = {path: page({}) for path, page in optional.pages().items()}
    assert {path: page.title for path, page in pages.items()} == PAGES
    assert {page.summary for page in pages.values()} == {
        "There is no MongoDB client in this process."
    }


def test_queries_are_sorted_and_without_values(observed, mongodb_uri):
    collection = observed.connect(mongodb_uri).test.pages
    collection.find_one({"email": "secret@serene.test"})
    for number in range(3):
        collection.find_one({"_id": number})
    page = observed.telemetry.pages()[QUERIES]({"sort": "count"})
    first, second = page.data["queries"]
    assert (first["shape"], first["count"]) == ('find {"filter":{"_id":"?"}}', 3)
    assert (second["shape"], second["count"]) == ('find {"filter":{"email":"?"}}', 1)
    [table] = page.sections
    assert [row[0] for row in table.rows] == [
        'pages: find {"filter":{"_id":"?"}}',
        'pages: find {"filter":{"email":"?"}}',
    ]
    assert [len(row) for row in table.rows] == [len(table.columns)] * 2
    assert "secret" not in str(page)


def test_pool_has_its_holders_and_waiters(observed, mongodb_uri):
    pool = pool_of(observed.connect(mongodb_uri, maxPoolSize=1))
    holder = hold(pool)
    wait_until(lambda: observed.pool()[0] == 1)
    waiter = hold(pool)
    wait_until(lambda: observed.pool()[3] == 1)
    page = observed.telemetry.pages()[POOL]({})
    [row] = page.data["pools"]
    assert (row["used"], row["pending"], len(row["holders"]), len(row["waiters"])) == (1, 1, 1, 1)
    assert all(len(each) == len(table.columns) for table in page.sections for each in table.rows)
    assert Link("Queries", QUERIES) in page.links
    waiter.kill()
    holder.kill()


def test_shapes_are_bounded():
    table = QueryTable()
    for number in range(MOST_SHAPES + 50):
        command = {"find": "posts", "filter": {f"field{number}": 1}}
        table.of("find", "posts", command).add(0.001, 1, failed=False)
    rows = table.rows(MOST_SHAPES + 50)
    assert len(rows) == MOST_SHAPES + 1
    [other] = [row for row in rows if row["shape"] == "_OTHER"]
    assert other["count"] == 50


def test_quantile_is_an_upper_bound_within_a_factor_of_two():
    table = QueryTable()
    statistics = table.of("find", "posts", {"find": "posts", "filter": {"a": 1}})
    for number in range(1, 101):
        statistics.add(number / 1000, 0, failed=False)
    assert 0.095 <= statistics.quantile_seconds(0.95) <= 0.19
    assert statistics.quantile_seconds(1.0) == statistics.max_seconds == 0.1
