"""Endpoints of many vendors: what they leave out or add, through the real client and a socket."""

import logging
from email.utils import formatdate

import pytest

from service.companion import problems
from service.companion.circuit import Circuit
from service.companion.failures import ModelUnavailable
from service.companion.language_model import LanguageModel
from service.companion.model import Message
from service.companion.model_errors import retry_after_seconds
from service.companion.settings import CompanionSettings
from service.settings import telemetry_config
from telemetry import Telemetry
from tests.service.companion import transcripts
from tests.service.companion.conftest import QUICK
from tests.service.companion.endpoint import endpoint, response
from tests.service.companion.transcripts import TEXT, TRANSCRIPTS, WHOLE
from tests.support.delivered import delivered

NOW = 1_795_700_000
SIZE = "gen_ai.usage.{}_tokens"


@pytest.fixture
def asked(companion_with):
    """Send one message to an endpoint with recorded answers."""

    def ask(served, message="hello", **settings):
        companion = companion_with(
            COMPANION_BASE_URL=served.url, **{"COMPANION_CIRCUIT_FAILURES": "1", **settings}
        )
        return companion, companion.send(message)

    return ask


def outcome_of(answer) -> tuple[int, str]:
    body = answer.get_json(force=True)
    if answer.status_code == 200:
        return 200, body["reply"]
    return answer.status_code, body["type"].removeprefix("urn:serene:problem:")


@pytest.fixture(scope="module")
def recorder():
    """One model on telemetry that samples every trace, and its endpoint."""
    sampling = {"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"}
    telemetry = Telemetry(telemetry_config(sampling))
    with endpoint([]) as served:
        settings = QUICK | {"COMPANION_BASE_URL": served.url}
        model = LanguageModel(CompanionSettings.from_env(settings), telemetry)
        yield served, model, telemetry
        model.close()
    telemetry.shutdown()


def reply_of(model) -> tuple[int, str]:
    """Return status 200 and the reply, or the status and the type of the problem."""
    try:
        return 200, "".join(model.reply([Message("member", "hello")]))
    except ModelUnavailable as error:
        status, kind, _ = problems._kind(error)
        return status, kind.removeprefix("urn:serene:problem:")


def recordings():
    """Yield each transcript; that of a stream which stays open takes the time until it is cut."""
    for each in TRANSCRIPTS:
        yield pytest.param(
            each, marks=[pytest.mark.slow] if ... in each.parts else [], id=each.name
        )


@pytest.mark.parametrize("recorded", [*recordings()])
def test_recorded_answer_has_its_outcome(recorder, caplog, recorded):
    caplog.set_level(logging.INFO, "service.companion")
    served, model, telemetry = recorder
    served.answers = [recorded.parts]
    model.circuit = Circuit(1, 15.0, lambda _: None)
    model._logged.clear()
    outcome = reply_of(model)
    assert (outcome, model.circuit.state) == (recorded.outcome, recorded.circuit)
    (call,) = delivered(telemetry.tracing.queue)
    tokens = tuple(call.attributes.get(SIZE.format(kind)) for kind in ("input", "output"))
    assert (tokens, call.status.is_ok) == (recorded.tokens, recorded.outcome[0] == 200)
    hints = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert (len(hints), recorded.hint in "".join(hints)) == (bool(recorded.hint), True)
    assert "canary" not in caplog.text


def test_whole_text_is_streamed_and_stored_as_whole(companion_with):
    recorded = next(one for one in TRANSCRIPTS if one.name == "[DONE] without finish_reason")
    with endpoint(recorded.parts) as served:
        events = companion_with(COMPANION_BASE_URL=served.url).stream()
    text = "".join(body["delta"] for name, body in events if name == "message")
    assert (text, events[-1][0]) == (TEXT, "done")


def test_text_of_a_stream_that_stays_open_is_whole_at_the_answer_timeout(asked):
    with endpoint([*response(transcripts.WORDS, transcripts.STOP), ...]) as served:
        _, answer = asked(served, COMPANION_ANSWER_TIMEOUT_SECONDS="1")
    assert outcome_of(answer) == (200, TEXT)


@pytest.mark.parametrize("status", [408, 409, 425, 500, 502, 503, 529])
def test_status_that_may_pass_is_tried_again(asked, status):
    busy = response(b"{}", status=status, kind="application/json")
    with endpoint(busy, response(WHOLE)) as served:
        _, answer = asked(served, COMPANION_RETRIES="1")
    assert (outcome_of(answer), len(served.requests)) == ((200, TEXT), 2)


def test_request_is_sent_as_azure_expects_it(asked):
    with endpoint(response(WHOLE)) as served:
        served.url += "/deployments/blue"
        asked(
            served,
            COMPANION_API_KEY="k1",
            COMPANION_API_KEY_HEADER="api-key",
            COMPANION_API_VERSION="2024-10-21",
        )
    ((target, headers, _),) = served.requests
    assert target == "/v1/deployments/blue/chat/completions?api-version=2024-10-21"
    assert (headers["api-key"], "authorization" in headers) == ("k1", False)


def test_endpoint_that_does_not_know_stream_options_is_asked_without_them(asked):
    body = b'{"error": {"message": "Unrecognized request argument supplied: stream_options"}}'
    refusal = response(body, status=400, kind="application/json")
    with endpoint(refusal, response(WHOLE)) as served:
        companion, answer = asked(served)
        again = companion.send("again")
    assert [outcome_of(answer), outcome_of(again)] == [(200, TEXT)] * 2
    assert ["stream_options" in body for _, _, body in served.requests] == [True, False, False]


def test_conversation_that_is_too_long_is_sent_shorter(companion_with, caplog):
    too_long = response(
        b'{"error": {"code": "context_length_exceeded"}}', status=400, kind="application/json"
    )
    with endpoint(response(WHOLE), response(WHOLE), too_long, response(WHOLE)) as served:
        companion = companion_with(COMPANION_BASE_URL=served.url)
        first = companion.send("one").get_json()["conversation_id"]
        companion.send("two", conversation_id=first)
        answer = companion.send("three", conversation_id=first)
    sent = [[one["content"] for one in body["messages"][1:]] for _, _, body in served.requests]
    assert (outcome_of(answer), sent[2:]) == (
        (200, TEXT),
        [["one", TEXT, "two", TEXT, "three"], [TEXT, "three"]],
    )
    assert "COMPANION_CONTEXT_MESSAGES" in caplog.text


def test_reason_is_logged_once_until_a_reply_succeeds(companion_with, caplog):
    caplog.set_level(logging.ERROR, "service.companion")
    wrong = response(b'{"error": "x"}', status=401, kind="application/json")
    with endpoint(wrong, wrong, response(WHOLE), wrong) as served:
        companion = companion_with(COMPANION_BASE_URL=served.url)
        statuses = [companion.send().status_code for _ in range(4)]
    assert (statuses, len(caplog.records)) == ([502, 502, 200, 502], 2)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.2"}, 1),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-1"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "9" * 15}, 86_400),
        ({"retry-after": formatdate(NOW + 3600, usegmt=True)}, 3600),
        ({"retry-after": formatdate(0, usegmt=True)}, 1),
        ({"retry-after-ms": "2500", "retry-after": "9"}, 2.5),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "17ms"}, 1),
        ({"x-ratelimit-reset": f"{NOW + 3600}000"}, 3600),
        ({"x-ratelimit-reset": str(NOW + 3600)}, 3600),
    ],
    ids=str,
)
def test_time_until_a_retry_is_read_in_every_form(headers, seconds):
    assert retry_after_seconds(headers, unix_time=lambda: NOW) == seconds


@pytest.mark.parametrize("status", [429, 503])
def test_time_until_a_retry_is_passed_on(asked, status):
    busy = response(b"{}", status=status, kind="application/json", Retry_After="7")
    with endpoint(busy) as served:
        _, answer = asked(served)
    assert answer.headers["Retry-After"] == "7"
