"""The companion's model, as text that comes piece by piece.

The model is always asked for a stream, also for an answer that is wanted whole: so there is one
path, and one meaning of "first byte". Each attempt is a client span, from before its connection to
the end of its stream; no span, log line or error has a word of what is said.

Source: OpenTelemetry semantic conventions for generative AI (in development), "Inference".
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

import gevent
import openai
from openai.types.chat import ChatCompletionChunk
from opentelemetry.trace import Span
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from service import metrics as business
from service.companion.bulkhead import Bulkhead
from service.companion.circuit import STATES, Circuit, State
from service.companion.failures import ModelFailed, ModelLimited, ModelTimedOut, ModelUnavailable
from service.companion.settings import CompanionSettings
from telemetry import Telemetry

LONGEST_REPLY: Final = 20_000
"""Characters; a model that goes on is cut."""

FIRST_RETRY_SECONDS: Final = 0.2
LONGEST_RETRY_SECONDS: Final = 2.0
RETRY_AFTER_SECONDS: Final = 10.0
"""Of a model that takes no more requests and does not say for how long."""

_PROMPT: Final = Path(__file__).with_name("prompt.txt")
_TOOK_TOO_LONG: Final = "The companion took too long."
_NOT_ANSWERED: Final = "The companion could not answer."

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation."""

    by: Literal["member", "companion"]
    text: str


class _WholeAnswer(gevent.Timeout):
    """The time for a whole answer is up."""


class Model:
    """The model behind its guards; one a worker.

    Args:
        config: Where it is, and how much of it is used.
        telemetry: For spans, ids and metrics.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        config: CompanionSettings,
        telemetry: Telemetry,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = config.companion_model
        self._answer_seconds = config.companion_answer_timeout_seconds
        self._attempts = 1 + config.companion_retries
        self._outgoing = telemetry.http_client
        self._clock = clock
        self._attributes = _attributes(config)
        self._client = _client(config)
        self._prompt = _PROMPT.read_text(encoding="utf-8").strip()
        self.bulkhead = Bulkhead(config.companion_at_once)
        telemetry.metrics.gauge(business.COMPANION_CALLS).set_function(lambda: self.bulkhead.taken)
        states = telemetry.metrics.gauges(business.COMPANION_CIRCUIT)

        def show(now: State) -> None:
            for state in STATES:
                states[(state,)].set(state == now)

        self.circuit = Circuit(
            config.companion_circuit_failures,
            config.companion_circuit_open_seconds,
            show,
            clock=clock,
        )

    def reply(self, conversation: Sequence[Said]) -> Generator[str, None, None]:
        """What the model says to a conversation, piece by piece. Nothing happens before the first
        piece is asked for.

        Args:
            conversation: Oldest message first, the one to answer last.

        Raises:
            ModelUnavailable: There is no answer, or no more of it.
        """
        deadline = self._clock() + self._answer_seconds
        with self.bulkhead.place(), self.circuit.call(), ExitStack() as call:
            attempts = Retrying(
                stop=stop_after_attempt(self._attempts),
                wait=wait_exponential_jitter(
                    multiplier=FIRST_RETRY_SECONDS,
                    max=LONGEST_RETRY_SECONDS,
                    jitter=FIRST_RETRY_SECONDS,
                ),
                retry=retry_if_exception(_may_be_well_again),
                sleep=gevent.sleep,
                reraise=True,
            )
            pieces = self._before(
                deadline, lambda: attempts(lambda: call.enter_context(self._attempt(conversation)))
            )
            left = LONGEST_REPLY
            while (
                left > 0
                and (piece := self._before(deadline, lambda: next(pieces, None))) is not None
            ):
                yield piece[:left]
                left -= len(piece)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._client.close()

    def _before(self, deadline: float, step: Callable[[], Result]) -> Result:
        # Around each step and not around all of them: between two steps another greenlet's work may
        # be going on in this one.
        try:
            with _WholeAnswer(max(0.0, deadline - self._clock())):
                return step()
        except _WholeAnswer:
            raise ModelTimedOut(_TOOK_TOO_LONG) from None

    @contextmanager
    def _attempt(self, conversation: Sequence[Said]) -> Iterator[Iterator[str]]:
        with (
            self._outgoing.client_span(f"chat {self._name}", self._attributes) as span,
            _told_apart(span),
        ):
            stream = self._client.chat.completions.create(
                model=self._name,
                messages=self._messages(conversation),
                stream=True,
                stream_options={"include_usage": True},
                extra_headers=self._outgoing.headers(),
            )
            with stream:
                yield _pieces(stream, span)

    def _messages(self, conversation: Sequence[Said]) -> Any:
        said = [
            {"role": "user" if one.by == "member" else "assistant", "content": one.text}
            for one in conversation
        ]
        return [{"role": "system", "content": self._prompt}, *said]


def _client(config: CompanionSettings) -> openai.OpenAI:
    # It tells every request at INFO, which the span does already.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    connect = config.companion_connect_timeout_seconds
    timeout = openai.Timeout(
        connect=connect,
        read=config.companion_first_byte_timeout_seconds,
        write=connect,
        pool=connect,
    )
    # Its pool takes 1,000 connections, as many as the largest bulkhead: nobody waits for one. The
    # environment is ours to read, not its.
    transport = openai.DefaultHttpxClient(timeout=timeout, follow_redirects=False, trust_env=False)
    client = openai.OpenAI(
        base_url=config.companion_base_url,
        api_key=config.companion_api_key.get_secret_value(),
        timeout=timeout,
        max_retries=0,  # its own would also repeat what timed out, and wait for two minutes when told to
        http_client=transport,
    )
    client.organization = client.project = None
    # Else each of the first calls would run `uname -p` to tell the endpoint of our machine: a
    # hundred at once, a hundred forks.
    client._platform = "Unknown"
    return client


def _attributes(config: CompanionSettings) -> dict[str, str | int | bool]:
    parts = urlsplit(config.companion_base_url)
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": config.companion_model,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }


def _may_be_well_again(error: BaseException) -> bool:
    """A lost connection, a 5xx; not what took too long, which would take as long again."""
    return isinstance(error, ModelFailed) and not 0 < error.status < 500


@contextmanager
def _told_apart(span: Span) -> Iterator[None]:
    # ``from None``: what the library says may quote the conversation.
    try:
        yield
    except (openai.APITimeoutError, _WholeAnswer):
        raise ModelTimedOut(_TOOK_TOO_LONG) from None
    except openai.APIStatusError as error:
        span.set_attribute("http.response.status_code", error.status_code)
        if error.status_code == 429:
            raise _limited(error) from None
        raise ModelFailed(_NOT_ANSWERED, status=error.status_code) from None
    except openai.OpenAIError:
        raise ModelFailed(_NOT_ANSWERED) from None


def _limited(error: openai.APIStatusError) -> ModelUnavailable:
    told = error.response.headers.get("retry-after", "")
    seconds = (
        float(told) if told.isascii() and told.isdigit() and len(told) < 5 else RETRY_AFTER_SECONDS
    )
    return ModelLimited(
        "The companion has too much to do at the moment.", retry_after_seconds=max(1.0, seconds)
    )


def _pieces(stream: "openai.Stream[ChatCompletionChunk]", span: Span) -> Iterator[str]:
    try:
        yield from _text(stream, span)
    except (ValueError, TypeError, AttributeError, LookupError):
        # The library reads what it gets as it comes; what is no answer at all shows here.
        raise ModelFailed("The companion answered with something else.") from None


def _text(stream: "openai.Stream[ChatCompletionChunk]", span: Span) -> Iterator[str]:
    said_something = has_ended = False
    for chunk in stream:
        if chunk.usage is not None:
            span.set_attribute("gen_ai.usage.input_tokens", int(chunk.usage.prompt_tokens))
            span.set_attribute("gen_ai.usage.output_tokens", int(chunk.usage.completion_tokens))
        for choice in chunk.choices[:1]:
            has_ended = has_ended or choice.finish_reason is not None
            if piece := choice.delta.content:
                said_something = True
                yield _checked(piece)
    if not (said_something and has_ended):
        raise ModelFailed("The companion did not finish its answer.")


def _checked(piece: object) -> str:
    if not isinstance(piece, str):
        raise TypeError("a piece of an answer should be text")
    return piece.replace("\0", "")
