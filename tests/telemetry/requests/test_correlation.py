"""What others call a request is kept beside its id, from trusted proxies only."""

import uuid

import pytest

from telemetry.requests.correlation import MAX_ID_LENGTH, MAX_IDS, correlation_id
from tests.telemetry.requests.forwarding import parse

UUID4 = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
AWS = "1-67891233-abcdef012345678912345678"
CLOUD = "105445aa7843bc8bf206b12000100000"

KEPT = [
    # UUIDs of other versions, and what only has their form
    ("11111111-2222-1333-8444-555555555555",),
    ("11111111-2222-3333-8444-555555555555",),
    ("11111111-2222-5333-8444-555555555555",),
    ("11111111-2222-6333-8444-555555555555",),
    ("0190a5b0-3c1e-7b3a-9c1d-2e3f4a5b6c7d",),
    ("11111111-2222-8333-8444-555555555555",),
    ("11111111-2222-9333-8444-555555555555",),
    ("00000000-0000-0000-0000-000000000000",),
    ("ffffffff-ffff-ffff-ffff-ffffffffffff",),
    ("6f1c1f6e-8f7e-4a3b-cc1d-2e3f4a5b6c7d",),
    ("{11111111-2222-9333-8444-555555555555}",),
    # other forms
    ("0af7651916cd93dd8448eb211c80319c",),
    ("0AF7651916CD93DD8448EB211C80319C",),
    ("01ARZ3NDEKTSV4RRFFQ69G5FAV",),
    ("2ZkQmXpQ9eZ8b1c3d5f7g9h1j3k",),
    ("a-b_c.d:e/f+g=",),
    ("7d5e1a2b3c4d5e6f-FRA",),
    ("4711",),
    ("order 66",),
    # cleaned
    (' "quoted-id" ', "quoted-id"),
    ("tab\tand\x00null", "tabandnull"),
    ("line\r\nX-Evil: y", "lineX-Evil: y"),
    ("caf\xc3\xa9-1", "caf-1"),
    ("a" * 500, "a" * MAX_ID_LENGTH),
    # AWS and Google Cloud
    (f"Root={AWS}", f"Root={AWS}"),
    (f"Self=1-67891234-12456789abcdef012345678;Root={AWS};Sampled=1", f"Root={AWS}"),
    (f"Root={AWS}; Parent=53995c3f42cd8ad8; Sampled=1", f"Root={AWS}"),
    (f"{CLOUD}/1;o=1", CLOUD),
    (f"{CLOUD}/12345678901234567890", CLOUD),
    (CLOUD, CLOUD),
]


@pytest.mark.parametrize("row", KEPT)
def test_id_of_a_proxy_is_kept_beside_ours(row):
    received, kept = row[0], row[-1]
    record, _ = parse({"X-Request-ID": received})
    assert record.correlation_ids == (kept,)
    assert uuid.UUID(record.request_id).version == 4
    assert record.trace_id == uuid.UUID(record.request_id).hex
    assert correlation_id(received) == correlation_id(kept) == kept


@pytest.mark.parametrize(
    "spelling",
    [UUID4, UUID4.upper(), UUID4.replace("-", ""), UUID4.replace("-", "").upper()],
)
def test_uuid_of_version_4_is_the_request_id_in_any_spelling(spelling):
    record, _ = parse({"X-Request-ID": spelling})
    assert (record.request_id, record.trace_id) == (UUID4, UUID4.replace("-", ""))
    assert record.correlation_ids == (() if spelling == UUID4 else (spelling,))


@pytest.mark.parametrize(
    "header",
    [
        "X-Request-ID",
        "X-Correlation-ID",
        "X-Amzn-Trace-Id",
        "X-Cloud-Trace-Context",
        "X-B3-TraceId",
    ],
)
def test_headers_that_are_read(header):
    assert parse({header: "theirs-1"})[0].correlation_ids == ("theirs-1",)
    assert parse({header: "theirs-1"}, peer="192.0.2.9")[0].correlation_ids == ()


def test_several_ids_are_kept_in_the_order_of_the_setting_each_once():
    headers = {
        "X-Amzn-Trace-Id": f"Root={AWS}",
        "X-Correlation-ID": "theirs-2, theirs-1, theirs-2",
        "X-Request-ID": "theirs-1,,theirs-3",
        "CF-Ray": "7d5e1a2b3c4d5e6f-FRA",
    }
    assert parse(headers)[0].correlation_ids == ("theirs-1", "theirs-3", "theirs-2", f"Root={AWS}")
    settings = {"TELEMETRY_CORRELATION_HEADERS": "CF-Ray, x-correlation-id"}
    assert parse(headers, **settings)[0].correlation_ids == (
        "7d5e1a2b3c4d5e6f-FRA",
        "theirs-2",
        "theirs-1",
    )


def test_ids_are_bounded_in_number():
    many = ",".join(f"id-{number}" for number in range(100))
    assert parse({"X-Request-ID": many})[0].correlation_ids == tuple(
        f"id-{number}" for number in range(MAX_IDS)
    )


@pytest.mark.parametrize("empty", ["", " ", ",", '""', "\x00", UUID4])
def test_nothing_is_kept_of_an_empty_id_or_of_ours(empty):
    assert parse({"X-Request-ID": empty})[0].correlation_ids == ()


@pytest.mark.parametrize(
    "secret",
    [
        "ann@example.com",
        "4111 1111 1111 1111",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLW91cnM",
        "Bearer abcdefgh12345678",
        "password=hunter2",
    ],
)
def test_secret_in_an_id_is_redacted(secret):
    (kept,) = parse({"X-Correlation-ID": secret})[0].correlation_ids
    assert kept in {"REDACTED", "Bearer REDACTED", "password=REDACTED"}
