"""A stand-in for a language model: OpenAI's chat protocol, with configurable delays and faults.

`python stack/model_server.py --port PORT` serves `/v1/chat/completions` (streamed and whole),
`/v1/models`, `/health` and:

- `PUT /behaviour` with JSON such as `{"first_byte_seconds": 30}` changes the behaviour, `DELETE`
  resets it, `GET` returns it; a change releases requests that wait for their first byte or hang;
- `GET /requests` returns the last requests and the number in flight, `DELETE` clears the list.

A request sets its own behaviour with a query at the end of its model's name, as in
`any?fault=hang&fault_after_tokens=3`; `MODEL_FIRST_BYTE_SECONDS=1` and the like set the initial
one. Replies depend only on the request. A container runs this one file: it imports no other.
"""

import argparse
import json
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final
from urllib.parse import parse_qsl

import gevent
from gevent import pywsgi
from gevent.event import Event

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

FAULTS: Final = ("", "hang", "cut", "garbage")
HANG_SECONDS: Final = 3600.0
MAX_KEPT_REQUESTS: Final = 200
MAX_BODY_BYTES: Final = 4 * 1024**2
MODEL: Final = {"id": "serene-companion", "object": "model", "created": 0, "owned_by": "serene"}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a request is answered.

    Attributes:
        first_byte_seconds: delay before the first byte.
        tokens_per_second: pace after it; 0 for no delay.
        status: of the response; from 400 on it is an error.
        retry_after: the header of that name, in seconds; 0 for none.
        fault: `hang` (sends nothing more), `cut` (closes the connection in the middle),
            `garbage` (sends invalid JSON), or empty.
        fault_after_tokens: number of tokens before the fault; with 0 a hang comes before the status
            line, a cut just after it.
    """

    first_byte_seconds: float = 0.0
    tokens_per_second: float = 0.0
    status: int = 200
    retry_after: int = 0
    fault: str = ""
    fault_after_tokens: int = 0

    def changed_by(self, given: Mapping[str, Any]) -> "Behaviour":
        """Return a copy with the given attributes. Raises: ValueError for an invalid one."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        if unknown := given.keys() - kinds.keys():
            raise ValueError(f"unknown attribute {sorted(unknown)[0]!r}; known: {', '.join(kinds)}")
        changed = replace(self, **{name: kinds[name](value) for name, value in given.items()})
        if changed.fault not in FAULTS or not 200 <= changed.status <= 599:
            raise ValueError(
                f"fault should be one of {', '.join(FAULTS[1:])}, status an HTTP status"
            )
        return changed

    def pause(self, tokens: int) -> None:
        """Sleep for as long as `tokens` take."""
        gevent.sleep(tokens / self.tokens_per_second if self.tokens_per_second else 0)


class _Cut(Exception):
    """Ends a response in the middle; the server then closes the connection."""


class ModelServer:
    """The WSGI app.

    Args:
        behaviour: the initial behaviour.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._initial = self._behaviour = behaviour
        self._requests: deque[dict[str, Any]] = deque(maxlen=MAX_KEPT_REQUESTS)
        self._in_flight = 0
        self._changed = Event()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        route = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        try:
            if route == ("POST", "/v1/chat/completions"):
                return self._chat(environ, start_response)
            status, body = self._control(route, environ)
        except ValueError as error:
            status, body = 400, _error(str(error))
        return _json(start_response, status, body)

    def _control(self, route: tuple[str, str], environ: Environ) -> tuple[int, dict[str, Any]]:
        match route:
            case ("GET", "/health"):
                return 200, {"status": "ok"}
            case ("GET", "/v1/models"):
                return 200, {"object": "list", "data": [MODEL]}
            case ("PUT", "/behaviour"):
                self._change(self._behaviour.changed_by(_body(environ)))
            case ("DELETE", "/behaviour"):
                self._change(self._initial)
            case ("DELETE", "/requests"):
                self._requests.clear()
        match route[1]:
            case "/behaviour":
                return 200, asdict(self._behaviour)
            case "/requests":
                return 200, {"in_flight": self._in_flight, "requests": list(self._requests)}
        return 404, _error("no such resource")

    def _change(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._changed.set()
        self._changed = Event()

    def _chat(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request = _body(environ)
        messages = request.get("messages")
        if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
            raise ValueError("messages should be a list of objects")
        query = str(request.get("model", "")).partition("?")[2]
        behaviour = self._behaviour.changed_by(dict(parse_qsl(query)))
        ids = ("X-Request-ID", "traceparent")
        headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}") for name in ids}
        kept = {"model": request.get("model"), "messages": messages, "headers": headers}
        self._requests.append({**kept, "stream": bool(request.get("stream"))})
        self._in_flight += 1
        chat = _Chat(request, messages, behaviour, self._changed)
        return _Body(chat.respond(start_response), self._end)

    def _end(self) -> None:
        self._in_flight -= 1


class _Body:
    """A WSGI response body that calls `end` when it is closed, completely sent or not."""

    def __init__(self, parts: Iterator[bytes], end: Callable[[], None]) -> None:
        self._parts = parts
        self._end = end

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._end()


@dataclass(frozen=True, slots=True)
class _Chat:
    """One chat completion.

    Attributes:
        changed: set when the server's behaviour changes, which ends every wait.
    """

    request: dict[str, Any]
    messages: list[Any]
    behaviour: Behaviour
    changed: Event

    def respond(self, start_response: StartResponse) -> Iterator[bytes]:
        behaviour = self.behaviour
        self.changed.wait(behaviour.first_byte_seconds)
        if behaviour.fault == "hang" and behaviour.fault_after_tokens == 0:
            self.changed.wait(HANG_SECONDS)
        if behaviour.status >= 400:
            error = _error(f"as configured, of {self.messages[-1:]}")
            retry = behaviour.retry_after
            headers = [("Retry-After", str(retry))] if retry else []
            yield from _json(start_response, behaviour.status, error, headers)
            return
        words = _reply(self.messages)
        if not self.request.get("stream"):
            behaviour.pause(len(words))
            whole = self._whole(words) if behaviour.fault != "garbage" else ["garbage"]
            yield from _json(start_response, 200, whole)
            return
        headers = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")]
        start_response("200 OK", headers)
        yield from self._events(words)

    def _events(self, words: list[str]) -> Iterator[bytes]:
        for number, word in enumerate(words):
            if self.behaviour.fault and number == self.behaviour.fault_after_tokens:
                if self.behaviour.fault == "garbage":
                    yield b'data: {"choices": [{"delta": \n\n'
                    return
                if self.behaviour.fault == "cut":
                    yield b": cut after this line\n\n"
                    raise _Cut
                self.changed.wait(HANG_SECONDS)
            delta = {"role": "assistant", "content": word}
            yield self._chunk(choices=[{"index": 0, "delta": delta, "finish_reason": None}])
            self.behaviour.pause(1)
        yield self._chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        if (self.request.get("stream_options") or {}).get("include_usage"):
            yield self._chunk(choices=[], usage=self._usage(words))
        yield b"data: [DONE]\n\n"

    def _usage(self, words: list[str]) -> dict[str, int]:
        prompt, completion = _count_words(self.messages), len(words)
        total = prompt + completion
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}

    def _whole(self, words: list[str]) -> dict[str, Any]:
        message = {"role": "assistant", "content": "".join(words)}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        return self._object("chat.completion", choices=choices, usage=self._usage(words))

    def _chunk(self, **members: Any) -> bytes:
        chunk = self._object("chat.completion.chunk", **{"usage": None, **members})
        return f"data: {json.dumps(chunk)}\n\n".encode()

    def _object(self, kind: str, **members: Any) -> dict[str, Any]:
        model = self.request.get("model")
        return {"id": "chatcmpl-serene", "object": kind, "created": 0, "model": model, **members}


def _reply(messages: list[Any]) -> list[str]:
    texts = [str(one.get("content")) for one in messages if one.get("role") == "user"]
    text = (
        f"I hear you. You wrote “{texts[-1] if texts else ''}”, and it is message {len(texts)} of"
        " yours that I can see. What would help?"
    )
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


def _count_words(messages: list[Any]) -> int:
    return sum(len(str(one.get("content")).split()) for one in messages)


def _body(environ: Environ) -> dict[str, Any]:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    found = json.loads(environ["wsgi.input"].read(length)) if 0 < length <= MAX_BODY_BYTES else None
    if not isinstance(found, dict):
        raise ValueError("the body should be a JSON object")  # noqa: TRY004
    return found


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "serene_stand_in", "param": None, "code": None}}


def _json(
    start_response: StartResponse,
    status: int,
    body: object,
    headers: Iterable[tuple[str, str]] = (),
) -> list[bytes]:
    data = json.dumps(body).encode()
    own = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    start_response(f"{status} Stand-In", [*own, *headers])
    return [data]


def main(arguments: list[str], environ: Mapping[str, str]) -> None:
    """Serve until the process ends.

    Args:
        arguments: of the command line, without the command.
        environ: may hold each attribute of `Behaviour` as MODEL_…, e.g. MODEL_FIRST_BYTE_SECONDS.
    """
    parser = argparse.ArgumentParser(description="A stand-in for a language model.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    given = {
        field.name: environ[name]
        for field in fields(Behaviour)
        if environ.get(name := f"MODEL_{field.name.upper()}")
    }
    try:
        behaviour = Behaviour().changed_by(given)
    except ValueError as error:
        sys.exit(f"model server: {error}")
    hub = gevent.get_hub()
    hub.NOT_ERROR = (*hub.NOT_ERROR, _Cut)
    app = ModelServer(behaviour)
    address = (options.host, options.port)
    pywsgi.WSGIServer(address, app, backlog=1024, log=None, error_log=None).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
