"""A stand-in for a language model: an HTTP server that speaks OpenAI's chat protocol and is as slow
or as broken as it is told to be.

`python stack/model_server.py --port 8089` serves `/v1/chat/completions` (streamed and whole),
`/v1/models`, `/health` and:

- `PUT /behaviour` with JSON such as `{"first_byte_seconds": 30}` changes how it behaves from now
on, `DELETE` undoes that, `GET` tells; either lets go of what waits for its first byte, or hangs;
- `GET /requests` tells the last requests and how many are under way, `DELETE` forgets them.

A single request is treated otherwise when its model's name ends in a query, as in
`any?fault=hang&fault_after_tokens=3`; at first the environment says how it behaves
(`MODEL_FIRST_BYTE_SECONDS=1` and so on). Answers depend on the request alone. Nothing else of ours
is imported, so that a container can run this one file.
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
MOST_REQUESTS: Final = 200
MOST_BYTES: Final = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a request is treated.

    Attributes:
        first_byte_seconds: before anything is answered.
        tokens_per_second: pace after that; 0 for as fast as it goes.
        status: of the answer; from 400 on there is an error instead of one.
        retry_after: the header of that name, in seconds; 0 for none.
        fault: `hang` (stops saying anything), `cut` (closes the connection in the middle),
            `garbage` (is no answer at all), or empty.
        fault_after_tokens: how many tokens come before the fault; with 0 a hang comes before the
            status line, a cut just after it.
    """

    first_byte_seconds: float = 0.0
    tokens_per_second: float = 0.0
    status: int = 200
    retry_after: int = 0
    fault: str = ""
    fault_after_tokens: int = 0

    def changed_by(self, given: Mapping[str, Any]) -> "Behaviour":
        """Another one, with what is given. Raises: ValueError for what cannot be used."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        if unknown := given.keys() - kinds.keys():
            raise ValueError(f"there is no {sorted(unknown)[0]!r}; there are {', '.join(kinds)}")
        changed = replace(self, **{name: kinds[name](value) for name, value in given.items()})
        if changed.fault not in FAULTS or not 200 <= changed.status <= 599:
            raise ValueError(
                f"fault should be one of {', '.join(FAULTS[1:])}, status an HTTP status"
            )
        return changed


class _Cut(Exception):
    """Ends a response in the middle; the server closes the connection then."""


class ModelServer:
    """The WSGI app.

    Args:
        behaviour: how it behaves until told otherwise.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self._at_first = self._behaviour = behaviour
        self._requests: deque[dict[str, Any]] = deque(maxlen=MOST_REQUESTS)
        self._under_way = 0
        self._changed = Event()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        route = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        try:
            if route == ("POST", "/v1/chat/completions"):
                return self._chat(environ, start_response)
            status, body = self._other(route, environ)
        except ValueError as error:
            status, body = 400, _error(str(error))
        return _json(start_response, status, body)

    def _other(self, route: tuple[str, str], environ: Environ) -> tuple[int, dict[str, Any]]:
        match route:
            case ("GET", "/health"):
                return 200, {"status": "ok"}
            case ("GET", "/v1/models"):
                return 200, {
                    "object": "list",
                    "data": [
                        {
                            "id": "serene-companion",
                            "object": "model",
                            "created": 0,
                            "owned_by": "serene",
                        }
                    ],
                }
            case ("PUT", "/behaviour"):
                self._change(self._behaviour.changed_by(_body(environ)))
            case ("DELETE", "/behaviour"):
                self._change(self._at_first)
            case ("DELETE", "/requests"):
                self._requests.clear()
        match route[1]:
            case "/behaviour":
                return 200, asdict(self._behaviour)
            case "/requests":
                return 200, {"under_way": self._under_way, "requests": list(self._requests)}
        return 404, _error("there is no such thing")

    def _change(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._changed.set()
        self._changed = Event()

    def _chat(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        asked = _body(environ)
        messages = asked.get("messages")
        if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
            raise ValueError("messages should be a list of objects")
        behaviour = self._behaviour.changed_by(
            dict(parse_qsl(str(asked.get("model", "")).partition("?")[2]))
        )
        headers = {
            name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")
            for name in ("X-Request-ID", "traceparent")
        }
        self._requests.append(
            {
                "model": asked.get("model"),
                "messages": messages,
                "stream": bool(asked.get("stream")),
                "headers": headers,
            }
        )
        self._under_way += 1
        return _Answer(
            _answer(asked, messages, behaviour, self._changed, start_response), self._done
        )

    def _done(self) -> None:
        self._under_way -= 1


class _Answer:
    """An answer that tells when it is over, however that comes about."""

    def __init__(self, parts: Iterator[bytes], done: Callable[[], None]) -> None:
        self._parts = parts
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        self._done()


def _answer(
    asked: dict[str, Any],
    messages: list[Any],
    behaviour: Behaviour,
    changed: Event,
    start_response: StartResponse,
) -> Iterator[bytes]:
    changed.wait(behaviour.first_byte_seconds)
    if behaviour.fault == "hang" and behaviour.fault_after_tokens == 0:
        changed.wait(HANG_SECONDS)
    if behaviour.status >= 400:
        retry_after = [("Retry-After", str(behaviour.retry_after))] if behaviour.retry_after else []
        yield from _json(
            start_response,
            behaviour.status,
            _error(f"as asked for, of {messages[-1:]}"),
            retry_after,
        )
        return
    words = _reply(messages)
    if not asked.get("stream"):
        gevent.sleep(len(words) / behaviour.tokens_per_second if behaviour.tokens_per_second else 0)
        yield from _json(
            start_response,
            200,
            _whole(asked, messages, words) if behaviour.fault != "garbage" else ["garbage"],
        )
        return
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
    yield from _events(asked, messages, words, behaviour, changed)


def _events(
    asked: dict[str, Any],
    messages: list[Any],
    words: list[str],
    behaviour: Behaviour,
    changed: Event,
) -> Iterator[bytes]:
    for number, word in enumerate(words):
        if behaviour.fault and number == behaviour.fault_after_tokens:
            if behaviour.fault == "garbage":
                yield b'data: {"choices": [{"delta": \n\n'
                return
            if behaviour.fault == "cut":
                yield b": so far, and no further\n\n"
                raise _Cut
            changed.wait(HANG_SECONDS)
        yield _chunk(
            asked,
            choices=[
                {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
            ],
        )
        gevent.sleep(1 / behaviour.tokens_per_second if behaviour.tokens_per_second else 0)
    yield _chunk(asked, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if (asked.get("stream_options") or {}).get("include_usage"):
        yield _chunk(asked, choices=[], usage=_usage(messages, words))
    yield b"data: [DONE]\n\n"


def _reply(messages: list[Any]) -> list[str]:
    said = [str(one.get("content")) for one in messages if one.get("role") == "user"]
    text = f"I hear you. You wrote “{said[-1] if said else ''}”, and it is message {len(said)} of yours that I can see. What would help?"
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


def _usage(messages: list[Any], words: list[str]) -> dict[str, int]:
    prompt = sum(len(str(one.get("content")).split()) for one in messages)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": len(words),
        "total_tokens": prompt + len(words),
    }


def _whole(asked: dict[str, Any], messages: list[Any], words: list[str]) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(words)}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return {**_base(asked, "chat.completion"), "choices": choices, "usage": _usage(messages, words)}


def _chunk(asked: dict[str, Any], **members: Any) -> bytes:
    return f"data: {json.dumps({**_base(asked, 'chat.completion.chunk'), 'usage': None, **members})}\n\n".encode()


def _base(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-serene", "object": kind, "created": 0, "model": asked.get("model")}


def _body(environ: Environ) -> dict[str, Any]:
    """Raises: ValueError when it is not a JSON object of a sensible size."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    found = json.loads(environ["wsgi.input"].read(length)) if 0 < length <= MOST_BYTES else None
    if not isinstance(found, dict):
        raise ValueError("the body should be a JSON object")
    return found


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "serene_stand_in", "param": None, "code": None}}


def _json(
    start_response: StartResponse,
    status: int,
    body: object,
    headers: list[tuple[str, str]] | None = None,
) -> list[bytes]:
    data = json.dumps(body).encode()
    start_response(
        f"{status} As Asked",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            *(headers or []),
        ],
    )
    return [data]


def main(arguments: list[str], environ: Mapping[str, str]) -> None:
    """Serve until the end of the process.

    Args:
        arguments: of the command line, without the command.
        environ: may hold each part of `Behaviour` as MODEL_…, e.g. MODEL_FIRST_BYTE_SECONDS.
    """
    parser = argparse.ArgumentParser(
        description="A stand-in for a language model, as slow or as broken as it is told to be."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8089)
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
    server = pywsgi.WSGIServer(
        (options.host, options.port), ModelServer(behaviour), backlog=1024, log=None, error_log=None
    )
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
