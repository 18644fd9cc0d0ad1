"""What endpoints of many vendors stream, byte by byte in places, and what becomes of it.

The vendors' names show where the form was met; ids, names and texts are invented.
"""

import gzip
import json
from dataclasses import dataclass
from typing import Any

from tests.service.companion.endpoint import response

TEXT = "I hear you. 🙂"
DONE = b"data: [DONE]\n\n"
ANSWERED = (200, TEXT)
FAILED = (502, "companion-failed")
UNAVAILABLE = (503, "companion-unavailable")


@dataclass(frozen=True)
class Transcript:
    """One response.

    Args:
        parts: As it is sent.
        outcome: Status, and the reply's text or the type of the problem.
        circuit: Its state afterwards, when one failure opens it.
        tokens: Input and output as the span has them.
        hint: What the log names.
    """

    name: str
    parts: list[Any]
    outcome: tuple[int, str] = ANSWERED
    circuit: str = "closed"
    tokens: tuple[int | None, int | None] = (None, None)
    hint: str = ""


def data(value: object, end: str = "\n\n") -> bytes:
    """Return one event."""
    return f"data: {json.dumps(value, ensure_ascii=False)}{end}".encode()


def chunk(choice: object = None, **members: Any) -> bytes:
    """Return a chunk with one choice."""
    choices = {} if choice is None else {"choices": [choice]}
    return data({"object": "chat.completion.chunk", **choices, **members})


def piece(text: Any, reason: Any = None, **more: Any) -> bytes:
    """Return a chunk with text."""
    return chunk({"index": 0, "delta": {"content": text}, "finish_reason": reason, **more})


def usage(prompt: Any = 7, completion: Any = 5) -> dict[str, Any]:
    """Return the numbers of tokens."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": 12}


ROLE = chunk({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None})
WORDS = piece("I hear ") + piece("you. 🙂")
STOP = chunk({"index": 0, "delta": {}, "finish_reason": "stop"})
USAGE = data({"choices": [], "usage": usage()})
WHOLE = WORDS + STOP + DONE


def stream(*body: bytes, name: str, **given: Any) -> Transcript:
    """Return a stream of events."""
    return Transcript(name, response(*body), **given)


def cut(*body: bytes, name: str, outcome: tuple[int, str] = FAILED, **given: Any) -> Transcript:
    """Return a stream that ends in the middle, and opens the circuit."""
    return Transcript(name, response(*body), **{"outcome": outcome, "circuit": "open", **given})


def document(value: Any, name: str, **given: Any) -> Transcript:
    """Return JSON in place of a stream."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Transcript(name, response(body, kind="application/json"), **given)


def finished(reason: Any) -> bytes:
    """Return the last chunk with a reason."""
    return chunk({"index": 0, "delta": {}, "finish_reason": reason})


def message(content: Any, reason: Any = "stop") -> dict[str, Any]:
    """Return a whole completion."""
    answer = {"role": "assistant", "content": content}
    return {"choices": [{"index": 0, "message": answer, "finish_reason": reason}]}


def refused(status: int, body: object, outcome: tuple[int, str], **given: Any) -> Transcript:
    """Return an error status."""
    headers = given.pop("headers", {})
    kind = "text/html" if isinstance(body, str) else "application/json"
    content = body if isinstance(body, str) else json.dumps(body)
    parts = response(content.encode(), status=status, kind=kind, **headers)
    return Transcript(f"{status} {content[:60]}", parts, outcome, **given)


AZURE = chunk(
    None, choices=[], prompt_filter_results=[{"prompt_index": 0, "content_filter_results": {}}]
)

OPTIONAL = [
    stream(WHOLE, name="the text alone"),
    stream(ROLE, WORDS, STOP, USAGE, DONE, name="openai", tokens=(7, 5)),
    stream(AZURE, ROLE, WORDS, STOP, DONE, name="azure: first chunk without choices"),
    stream(WORDS, STOP, chunk({"index": 0}), DONE, name="a chunk without delta after the end"),
    stream(chunk({"index": 0, "content_filter_offsets": {}}), WHOLE, name="no delta before it"),
    stream(chunk({"delta": None}), WORDS, STOP, chunk({"delta": None}), name="delta null"),
    stream(chunk({"delta": []}), WHOLE, name="delta as an empty list"),
    stream(piece(None), piece(""), WHOLE, name="content null or empty"),
    stream(data({"choices": None}), WORDS, STOP, data({"choices": None}), name="choices null"),
    stream(data({}), WORDS, STOP, data({"id": "x"}), DONE, name="choices absent"),
    stream(chunk(None, choices={}), WHOLE, name="choices as an empty object"),
    stream(chunk(None, choices=[None]), WHOLE, name="a choice that is null"),
    stream(data(None), WHOLE, name="a chunk that is null"),
    stream(WORDS, finished("stop"), data({"choices": [], "usage": None}), name="usage null"),
    stream(WORDS, STOP, data({"usage": usage(None, None)}), DONE, name="null token counts"),
    stream(WORDS, STOP, data({"usage": usage(None, 5)}), name="half counts", tokens=(None, 5)),
    stream(WORDS, STOP, data({"usage": usage("7", -1)}), DONE, name="counts that are none"),
    stream(WORDS, STOP, b'data: {"usage": {"prompt_tokens": NaN}}\n\n', name="not a number"),
    stream(WORDS, STOP, data({"usage": usage(7.0, 5.5)}), name="floats", tokens=(7, None)),
    stream(WORDS, STOP, data({"usage": [1]}), DONE, name="usage of another form"),
    stream(
        piece("I hear ", usage=None), chunk({"delta": {"content": "you. 🙂"}}, usage=usage(7, 3)),
        chunk({"delta": {}, "finish_reason": "stop"}, usage=usage(7, 5)), DONE,
        name="vllm: usage in every chunk", tokens=(7, 5),
    ),
    stream(
        WORDS, chunk({"delta": {}, "finish_reason": "stop"}, x_groq={"usage": usage()}), DONE,
        name="groq: usage of its own", tokens=(7, 5),
    ),
    stream(
        WORDS, STOP, data({"usage": {"input_tokens": 7, "output_tokens": 5}}), DONE,
        name="anthropic: other names of counts", tokens=(7, 5),
    ),
    stream(
        chunk({"delta": {"content": None, "reasoning_content": "Hm."}}), WHOLE,
        name="deepseek: reasoning",
    ),
    stream(
        piece([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]),
        piece([{"type": "text", "text": "I hear "}]), piece(["you. ", {"text": "🙂"}]), STOP, DONE,
        name="mistral: content as parts",
    ),
    stream(chunk({"delta": {"refusal": TEXT}, "finish_reason": "stop"}), name="a refusal is text"),
    stream(
        b'data: {"choices": [{"delta": {"content": "I hear you. \\ud83d"}}]}\n\n',
        b'data: {"choices": [{"delta": {"content": "\\ude42"}}]}\n\n', STOP,
        name="a character escaped in two pieces",
    ),
    stream(
        chunk({"message": {"content": TEXT}, "finish_reason": "stop"}), DONE,
        name="message in place of delta",
    ),
    stream(
        WORDS, chunk({"delta": {}, "message": {"content": TEXT}, "finish_reason": "stop"}),
        name="the whole message once more at the end",
    ),
    stream(chunk({"index": 0, "delta": {"content": TEXT, "tool_calls": None}}), STOP, name="null"),
    stream(WORDS, finished({"type": "stop"}), name="a reason that is an object"),
]  # fmt: skip

ENDS = [
    *(
        stream(WORDS, finished(reason), name=f"finish_reason {reason}, no [DONE]")
        for reason in ("stop", "length", "content_filter", "tool_calls", "eos", "end_turn", "STOP")
    ),
    stream(WORDS, DONE, name="[DONE] without finish_reason"),
    stream(WORDS, finished(""), finished(None), finished("null"), DONE, name="[DONE] alone ends"),
    stream(WORDS, b"data:[DONE]\r\n", name="[DONE] as the last line"),
    stream(piece(TEXT, "stop"), name="text and end in one chunk"),
    stream(piece("I hear ", "stop"), piece("you. 🙂", "stop"), name="a reason in every chunk"),
    stream(WORDS, STOP, b'data: {"choices": [{"del', name="broken after the end"),
    stream(WORDS, STOP, data({"error": {"code": 500}}), name="an error after the end"),
    stream(WORDS, STOP, chunk({"delta": "?"}), name="an invalid chunk after the end"),
    Transcript("a stream that stays open after the end", [*response(WORDS, STOP), ...]),
    Transcript(
        "fewer bytes than announced, after the end",
        response(WORDS, STOP, Content_Length="100000"),
    ),
    cut(WORDS, name="text without an end"),
    cut(WORDS, finished(""), finished(None), finished("null"), name="no reason, no [DONE]"),
    cut(WORDS, USAGE, name="usage is no end", tokens=(7, 5)),
    cut(WORDS, b'data: {"choices": [{"del', name="broken before the end"),
    cut(DONE, name="[DONE] alone"),
    cut(name="an empty body"),
    cut(ROLE, name="a role alone"),
    cut(WORDS, finished("error"), DONE, name="finish_reason error"),
    cut(WORDS, finished("insufficient_system_resource"), DONE, name="deepseek: interrupted"),
    cut(piece(7), STOP, name="content of another type"),
    cut(chunk({"delta": {"content": {"text": "x"}}}), STOP, name="content as an object"),
    cut(data({"choices": "x"}), name="choices of another type"),
    stream(STOP, DONE, name="an end without text", outcome=FAILED),
    stream(finished("content_filter"), name="azure: filtered", outcome=FAILED),
    stream(
        chunk({"delta": {"reasoning_content": "Hm."}}), finished("length"), DONE,
        name="reasoning alone", outcome=FAILED,
    ),
]  # fmt: skip

LINES = [
    stream(WHOLE.replace(b"data: ", b"data:"), name="no space after the colon"),
    stream(WHOLE.replace(b"\n", b"\r\n"), name="CR LF"),
    stream(WHOLE.replace(b"\n", b"\r"), name="CR"),
    stream(*WHOLE.replace(b"\n", b"\r\n").splitlines(keepends=True), name="CR LF in parts"),
    stream(*(bytes([one]) for one in piece(TEXT) + STOP), name="byte by byte"),
    stream(b"\xef\xbb", b"\xbf" + WHOLE, name="byte order mark"),
    stream(b": ping\n\n: OPENROUTER PROCESSING\n\n" + WHOLE, name="openrouter: comments"),
    stream(b"event: ping\ndata: {}\n\nretry: 10\nid: 7\n\n" + WHOLE, name="event, id and retry"),
    stream(b"data: keep-alive\n\ndata:\n\n\n\n" + WHOLE, name="data that is no JSON"),
    stream(WHOLE.replace(b', "', b',\ndata:  "'), name="data in several lines"),
    stream(WHOLE.replace(b"\n\n", b"\n"), name="no empty line between events"),
    stream(WHOLE.replace(b"\n\ndata", b"\n\nevent: completion\ndata"), name="events with a name"),
    Transcript("gzip", response(gzip.compress(WHOLE), Content_Encoding="gzip")),
    Transcript("as plain text", response(WHOLE, kind="text/plain; charset=utf-8")),
    Transcript("without a type", response(WHOLE, kind="")),
    Transcript("a stream that claims to be JSON", response(WHOLE, kind="application/json")),
    document(message(TEXT) | {"usage": usage()}, "a document in place of a stream", tokens=(7, 5)),
    document(message(TEXT, None), "a document without finish_reason"),
    document(b"\xef\xbb\xbf\n" + json.dumps(message([{"text": TEXT}])).encode(), "with a mark"),
    document(json.dumps(message(TEXT)).encode()[:-3], "half a document", outcome=FAILED,
             circuit="open"),
    document({"error": {"message": "x", "code": 500}}, "an error with 200", outcome=FAILED,
             circuit="open"),
    document([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], "gemini: a list",
             outcome=UNAVAILABLE),
    Transcript("HTML with 200", response(b"<!doctype html><p>canary</p>", kind="text/html"),
               FAILED, "open", hint="COMPANION_BASE_URL"),
]  # fmt: skip

ERRORS = [
    cut(WORDS, data({"error": {"message": "canary", "code": 502}, "choices": [
        {"delta": {"content": ""}, "finish_reason": "error"}]}), name="openrouter: mid-stream"),
    cut(data({"error": "canary"}), name="ollama: a text in the stream"),
    cut(data({"object": "error", "message": "canary", "code": 500}), name="vllm: object error"),
    cut(b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n',
        name="anthropic: error event"),
    cut(b"event: error\ndata: canary\n\n", name="an error event with a text"),
    cut(data({"detail": "canary"}), name="detail in the stream"),
    stream(data({"error": {"code": 429}}), name="limited in the stream", outcome=UNAVAILABLE),
    stream(data({"error": {"type": "rate_limit_error"}}), name="limited, by a word",
           outcome=UNAVAILABLE),
    stream(data({"error": {"code": "context_length_exceeded"}}), name="too long, in the stream",
           outcome=FAILED, hint="COMPANION_CONTEXT_MESSAGES"),
    refused(400, {"error": {"code": "content_filter", "message": "canary"}}, FAILED,
            hint="COMPANION_MODEL"),
    refused(400, {"error": {"code": "context_length_exceeded"}}, FAILED,
            hint="COMPANION_CONTEXT_MESSAGES"),
    refused(400, {"error": "API version not supported"}, FAILED, hint="COMPANION_API_VERSION"),
    refused(401, {"error": {"code": "invalid_api_key"}}, FAILED, hint="COMPANION_API_KEY"),
    refused(402, {"error": {"message": "Insufficient Balance"}}, FAILED, hint="no credit"),
    refused(403, "<html>canary</html>", FAILED, hint="COMPANION_API_KEY"),
    refused(404, {"error": {"code": "model_not_found"}}, FAILED, hint="COMPANION_MODEL"),
    refused(404, {"error": 'model "x" not found, try pulling it first'}, FAILED,
            hint="COMPANION_MODEL"),
    refused(404, {"detail": "Not Found"}, FAILED, hint="COMPANION_BASE_URL"),
    refused(404, "<html>canary</html>", FAILED, hint="COMPANION_BASE_URL"),
    refused(422, {"detail": [{"loc": ["body"], "msg": "canary", "type": "extra_forbidden"}]},
            FAILED, hint="COMPANION_MODEL"),
    refused(307, "", FAILED, headers={"Location": "https://elsewhere.invalid/"}, circuit="open",
            hint="COMPANION_BASE_URL"),
    refused(408, {"error": "canary"}, FAILED, circuit="open"),
    refused(409, {"error": "canary"}, FAILED),
    refused(429, {"error": {"code": "insufficient_quota"}}, UNAVAILABLE, hint="no credit"),
    refused(500, [], FAILED, circuit="open"),
    refused(503, {"error": {"message": "Loading model", "code": 503}}, FAILED, circuit="open"),
    refused(529, {"type": "error", "error": {"type": "overloaded_error"}}, FAILED,
            circuit="open"),
]  # fmt: skip

TRANSCRIPTS = [*OPTIONAL, *ENDS, *LINES, *ERRORS]
