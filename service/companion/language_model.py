"""Client of the companion's language model, which streams its reply as pieces of text.

The model is always called in streaming mode, also for a reply that is returned as a whole: so there
is one code path, and one meaning of "first byte". Each attempt is a client span, from before the
connection is opened to the end of the stream; spans, logs and errors contain no conversation text.

Source: OpenTelemetry semantic conventions for generative AI (in development), "Inference".
"""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import gevent
import httpx2
import openai
from opentelemetry.trace import Span
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from service import metrics as business
from service.companion.bulkhead import Bulkhead
from service.companion.call_metrics import OPERATION, PROVIDER, CallMetrics
from service.companion.circuit import STATES, Circuit, State
from service.companion.completions import ReplyReader
from service.companion.failures import ModelFailed, ModelTimedOut, ModelUnavailable, Reason
from service.companion.model import Message
from service.companion.model_errors import (
    FAILED,
    HINTS,
    TRANSIENT_STATUSES,
    failure_of_response,
    reason_of,
)
from service.companion.settings import CompanionSettings
from telemetry import Telemetry

LONGEST_REPLY: Final = 20_000
"""Characters; a longer reply is cut."""

FIRST_RETRY_SECONDS: Final = 0.2
LONGEST_RETRY_SECONDS: Final = 2.0

_PROMPT: Final = Path(__file__).with_name("prompt.txt")
_TIMED_OUT: Final = "The companion took too long."

_log = logging.getLogger("service.companion")

Result = TypeVar("Result")


class _ReplyTimeout(gevent.Timeout):
    """The time for the whole reply is over."""


class LanguageModel:
    """The model with its time-outs, bulkhead and circuit breaker; one per worker.

    Args:
        config: The endpoint and its limits.
        telemetry: For spans, request ids and metrics.
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
        self._reply_seconds = config.companion_answer_timeout_seconds
        self._attempts = 1 + config.companion_retries
        self._spans = telemetry.http_client
        self._clock = clock
        self._attributes = _attributes(config)
        self._client = _client(config)
        self._prompt = _PROMPT.read_text(encoding="utf-8").strip()
        self._key_headers = _key_headers(config)
        self._asks_for_usage = True
        self._metrics = CallMetrics(telemetry, self._name, clock)
        self._logged: set[str] = set()
        self.bulkhead = Bulkhead(config.companion_at_once)
        active_calls = telemetry.metrics.gauge(business.COMPANION_CALLS)
        active_calls.set_function(lambda: self.bulkhead.active_calls)
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

    def reply(self, conversation: Sequence[Message]) -> Generator[str, None, None]:
        """Yield the model's reply to a conversation, piece by piece.

        The call starts when the first piece is requested.

        Args:
            conversation: Oldest message first, the message to answer last.

        Raises:
            ModelUnavailable: The reply is missing or incomplete.
        """
        deadline = self._clock() + self._reply_seconds
        with self.bulkhead.call(), self.circuit.call(), ExitStack() as call:
            retrying = Retrying(
                stop=stop_after_attempt(self._attempts),
                wait=wait_exponential_jitter(
                    multiplier=FIRST_RETRY_SECONDS,
                    max=LONGEST_RETRY_SECONDS,
                    jitter=FIRST_RETRY_SECONDS,
                ),
                retry=retry_if_exception(_is_transient),
                sleep=gevent.sleep,
                reraise=True,
            )
            pieces = self._before(
                deadline, lambda: retrying(lambda: call.enter_context(self._attempt(conversation)))
            )
            left = LONGEST_REPLY
            while (
                left > 0
                and (piece := self._before(deadline, lambda: next(pieces, None))) is not None
            ):
                yield piece[:left]
                left -= len(piece)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _before(self, deadline: float, step: Callable[[], Result]) -> Result:
        # Around each step and not around all of them: between two steps this greenlet may run
        # another one's work.
        try:
            with _ReplyTimeout(max(0.0, deadline - self._clock())):
                return step()
        except _ReplyTimeout:
            raise ModelTimedOut(_TIMED_OUT) from None

    @contextmanager
    def _attempt(self, conversation: Sequence[Message]) -> Iterator[Iterator[str]]:
        with (
            self._metrics.call() as call,
            self._logged_reasons(),
            self._spans.client_span(f"chat {self._name}", self._attributes) as span,
            _translated_errors(span),
            self._response(conversation) as body,
        ):

            def on_usage(kind: str, count: int) -> None:
                span.set_attribute(f"gen_ai.usage.{kind}_tokens", count)
                call.tokens[kind] = count

            yield call.timed(ReplyReader(on_usage).pieces(body))
            self._logged.clear()

    @contextmanager
    def _response(self, conversation: Sequence[Message]) -> Iterator[Iterator[bytes]]:
        """Send a request, and again without what the endpoint refuses of it."""
        while True:
            try:
                response = self._request(conversation)
                break
            except openai.APIStatusError as error:
                reason = reason_of(error.status_code, error.body or error.response.text)
                if reason == "stream_options" and self._asks_for_usage:
                    self._asks_for_usage = False
                elif reason == "context" and len(conversation) > 1:
                    self._log_once("context")
                    conversation = conversation[-(len(conversation) // 2) :]
                else:
                    raise
        with closing(response):
            yield response.iter_bytes()

    def _request(self, conversation: Sequence[Message]) -> httpx2.Response:
        # Not the library's own stream of chunks, which fails at what vendors leave out.
        usage: Any = {"include_usage": True} if self._asks_for_usage else openai.omit
        response = self._client.chat.completions.with_streaming_response.create(
            model=self._name,
            messages=self._messages(conversation),
            stream=True,
            stream_options=usage,
            extra_headers={**self._key_headers, **self._spans.headers()},
        ).__enter__()
        return response.http_response

    @contextmanager
    def _logged_reasons(self) -> Iterator[None]:
        try:
            yield
        except ModelUnavailable as error:
            if error.reason:
                self._log_once(error.reason)
            raise

    def _log_once(self, reason: Reason) -> None:
        # Each reason once until a reply succeeds, without the words of the endpoint.
        if reason not in self._logged:
            self._logged.add(reason)
            _log.error("the companion's endpoint refuses requests: %s", HINTS[reason])

    def _messages(self, conversation: Sequence[Message]) -> Any:
        messages = [
            {"role": "user" if message.by == "member" else "assistant", "content": message.text}
            for message in conversation
        ]
        return [{"role": "system", "content": self._prompt}, *messages]


def _client(config: CompanionSettings) -> openai.OpenAI:
    # It logs every request at INFO, which the span records already.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    connect = config.companion_connect_timeout_seconds
    timeout = openai.Timeout(
        connect=connect,
        read=config.companion_first_byte_timeout_seconds,
        write=connect,
        pool=connect,
    )
    # Its pool has 1,000 connections, as many as the largest bulkhead admits: no call waits for one.
    # Only the service's settings configure it, not the environment.
    transport = openai.DefaultHttpxClient(timeout=timeout, follow_redirects=False, trust_env=False)
    client = openai.OpenAI(
        base_url=config.companion_base_url,
        api_key=config.companion_api_key.get_secret_value(),
        default_query=(
            {"api-version": config.companion_api_version} if config.companion_api_version else {}
        ),
        timeout=timeout,
        # Its own retries would repeat time-outs too, and wait for a Retry-After of two minutes.
        max_retries=0,
        http_client=transport,
    )
    client.organization = client.project = None
    # Else each of the first calls would run `uname -p` for a header that describes this machine: a
    # hundred concurrent calls, a hundred forks.
    client._platform = "Unknown"
    return client


def _key_headers(config: CompanionSettings) -> dict[str, Any]:
    name, key = config.companion_api_key_header, config.companion_api_key.get_secret_value()
    return {} if name == "Authorization" else {"Authorization": openai.omit, name: key}


def _attributes(config: CompanionSettings) -> dict[str, str | int | bool]:
    parts = urlsplit(config.companion_base_url)
    return {
        "gen_ai.operation.name": OPERATION,
        "gen_ai.provider.name": PROVIDER,
        "gen_ai.request.model": config.companion_model,
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
    }


def _is_transient(error: BaseException) -> bool:
    """Return whether a retry may help: not after a time-out, which would take as long again."""
    return isinstance(error, ModelFailed) and (
        error.status in TRANSIENT_STATUSES or error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


@contextmanager
def _translated_errors(span: Span) -> Iterator[None]:
    # ``from None``: the library's messages may quote the conversation.
    try:
        yield
    except (openai.APITimeoutError, httpx2.TimeoutException, _ReplyTimeout):
        raise ModelTimedOut(_TIMED_OUT) from None
    except openai.APIStatusError as error:
        span.set_attribute("http.response.status_code", error.status_code)
        response = error.response
        raise failure_of_response(
            error.status_code, response.headers, error.body or response.text
        ) from None
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError):
        raise ModelFailed(FAILED) from None
