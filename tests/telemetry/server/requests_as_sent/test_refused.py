"""The same bytes are refused alike by gunicorn's worker, the standalone server and the management
port.

A refused request gets one response, a problem with an id; the connection ends, and what follows on
it is never run.
"""

import json
import uuid
from http import HTTPStatus

import pytest

from tests.support.polling import wait_until
from tests.telemetry.server.raw_exchanges import RawConnection
from tests.telemetry.server.requests_as_sent.bodies import BODIES
from tests.telemetry.server.requests_as_sent.build import CANARY, PATH, SECOND
from tests.telemetry.server.requests_as_sent.refused import REFUSED

pytestmark = pytest.mark.e2e

RULES = list(dict.fromkeys(row.rule for row in REFUSED))


def refusal(port, sent):
    """Send bytes and a request after them; returns all that a client sees of the answer."""
    with RawConnection(port) as connection:
        response = connection.send(sent + SECOND).response()
        assert response is not None
        return response.version, response.status, response.headers, response.json, connection.rest()


def problem_of(rule, request_id):
    """Return what a client must see."""
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(rule.status).phrase,
        "status": rule.status,
        "detail": rule.detail,
        "request_id": request_id,
    }
    headers = {
        "Connection": "close",
        "Content-Type": "application/problem+json",
        "X-Request-ID": request_id,
        "Content-Length": str(len(json.dumps(problem))),
    }
    return "HTTP/1.1", rule.status, headers, problem, b""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.detail)
def test_request_that_breaks_a_rule_is_refused_with_a_problem_and_ends_the_connection(server, rule):
    answers = {row.name: refusal(server.port, row.sent) for row in REFUSED if row.rule is rule}
    ids = {name: answer[3].get("request_id") for name, answer in answers.items()}
    assert answers == {name: problem_of(rule, request_id) for name, request_id in ids.items()}
    assert len({uuid.UUID(each).version for each in ids.values()}) == 1
    assert len(set(ids.values())) == len(ids)


def test_refused_request_is_counted_and_logged_once_with_its_reason_and_nothing_of_it(server):
    counted = server.counted()
    refused = []
    for row in REFUSED:
        with RawConnection(server.port) as connection:
            refused.append((row, connection.send(row.sent).response().json["request_id"]))

    wait_until(lambda: server.counted() == counted + len(REFUSED), what="the count")
    server.line_of(refused[-1][1])
    lines = {}
    for line in server.process.logged("request refused"):
        assert line["request_id"] not in lines
        lines[line["request_id"]] = line
    assert [
        {
            name: value
            for name, value in lines[request_id].items()
            if name in ("level", "logger", "message", "status", "reason", "client_address")
        }
        for _, request_id in refused
    ] == [
        {
            "level": "INFO",
            "logger": "access",
            "message": "request refused before it was read",
            "status": row.rule.status,
            "reason": row.rule.detail,
            "client_address": "127.0.0.1",
        }
        for row, _ in refused
    ]
    assert CANARY.decode() not in server.process.text
    assert "Traceback" not in server.process.text
    assert "evil.test" not in server.process.text


def one_answer(port, sent):
    """Send a request and another after it; returns the one response to both."""
    with RawConnection(port) as connection:
        response = connection.send(sent + SECOND).response()
        assert response is not None
        assert connection.rest() == b""
        return response


@pytest.mark.parametrize("rule", BODIES, ids=lambda rule: rule.detail)
def test_malformed_body_gets_one_400_and_ends_the_connection(server, rule):
    for name, sent in BODIES[rule].items():
        response = one_answer(server.port, sent)
        assert response.headers["Content-Type"] == "application/problem+json", name
        assert response.headers["Connection"] == "close", name
        if server.is_app:
            assert (response.status, response.json["detail"]) == (400, rule.detail), name
            assert response.json["request_id"] == response.headers["X-Request-ID"], name
        else:
            assert response.status == 405, name


@pytest.mark.parametrize("rule", BODIES, ids=lambda rule: rule.detail)
def test_malformed_body_that_the_app_does_not_read_runs_no_second_request(app_server, rule):
    for name, sent in BODIES[rule].items():
        response = one_answer(app_server.port, sent.replace(PATH, b"/unread"))
        assert (response.status, response.body) == (200, b"not read"), name


def test_tls_handshake_is_refused_without_waiting_for_more(server):
    with RawConnection(server.port) as connection:
        response = connection.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc").response()
        assert response is not None
        assert (response.status, connection.rest()) == (400, b"")


@pytest.mark.parametrize(
    "sent", [b"GET /\r\n", b"GET / HTTP/1.1\nHost: a\n", b"\x00", b"A" * 9_000]
)
def test_what_can_never_become_a_request_is_refused_without_waiting_for_more(server, sent):
    with RawConnection(server.port) as connection:
        response = connection.send(sent).response()
        assert response is not None
        assert (response.status in (400, 414), connection.rest()) == (True, b"")
