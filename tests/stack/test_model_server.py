"""The stand-in for a language model.

OpenAI's protocol, with the official client, and each configurable behaviour.
"""

import time
from collections.abc import Iterator

import openai
import pytest
import requests
from openai.types.chat import ChatCompletionMessageParam

from tests.model_server import ModelServer
from tests.support.polling import TIMEOUT_SECONDS

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "hello"}]
REPLY = (
    "I hear you. You wrote “hello”, and it is message 1 of yours that I can see. What would help?"
)


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(server: ModelServer) -> ModelServer:
    server.reset()
    return server


@pytest.fixture
def client(model: ModelServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=model.url, api_key="none", max_retries=0, timeout=TIMEOUT_SECONDS
    ) as client:
        yield client


def test_model_answers_whole_and_in_a_stream(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(model="any", messages=HELLO)
    stream = client.chat.completions.create(
        model="any", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == (REPLY, "stop")
    assert (
        "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == REPLY
    )
    assert (chunks[-1].usage, chunks[-2].choices[0].finish_reason) == (whole.usage, "stop")
    assert [model.id for model in client.models.list()] == ["serene-companion"]


def test_model_name_sets_the_behaviour_of_its_request(
    client: openai.OpenAI, model: ModelServer
) -> None:
    began = time.monotonic()
    client.chat.completions.create(
        model="any?first_byte_seconds=0.3&tokens_per_second=100", messages=HELLO
    )
    assert time.monotonic() - began > 0.4
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(model="any?status=429&retry_after=7", messages=HELLO)
    assert limited.value.response.headers["Retry-After"] == "7"
    with pytest.raises(openai.APIConnectionError):
        list(
            client.chat.completions.create(
                model="any?fault=cut&fault_after_tokens=2", messages=HELLO, stream=True
            )
        )
    assert [one["messages"] for one in model.received_requests()] == [HELLO] * 3


def test_change_of_behaviour_releases_hanging_requests(
    client: openai.OpenAI, model: ModelServer
) -> None:
    model.behave(fault="hang")
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(model="any", messages=HELLO)
    assert model.active_calls() == 1
    model.reset()
    assert model.active_calls() == 0


@pytest.mark.parametrize(
    "body", [{"fault": "unknown"}, {"status": 42}, {"unknown": 1}, {"tokens_per_second": "many"}]
)
def test_invalid_behaviour_is_refused(model: ModelServer, body: dict[str, object]) -> None:
    refused = requests.put(f"{model.root}/behaviour", json=body, timeout=TIMEOUT_SECONDS)
    assert (refused.status_code, "message" in refused.json()["error"]) == (400, True)
    assert requests.get(f"{model.root}/behaviour", timeout=TIMEOUT_SECONDS).json()["fault"] == ""
