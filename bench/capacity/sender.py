"""Sends the requests of a step, a few at a time, and measures how long each answer takes."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.capacity.steps import Request, Step
from bench.rounds import run_in_threads


@dataclass(slots=True)
class Sent:
    """Answers to a step, in the order of its requests.

    Args:
        bodies: Parsed where they are JSON.
        seconds: Of each.
    """

    bodies: list[Any]
    seconds: list[float] = field(default_factory=list)


def send(port: int, step: Step) -> Sent:
    """Send all requests of a step over kept connections.

    Raises:
        RuntimeError: An answer has another status than the step's.
    """
    sent = Sent([None] * len(step.requests))
    turns = iter(enumerate(step.requests))
    lock, errors = threading.Lock(), list[str]()

    def client(_: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not errors:
            with lock:
                number, request = next(turns, (0, None))
            if request is None:
                break
            began = time.perf_counter()
            status, body = _exchange(connection, request)
            sent.seconds.append(time.perf_counter() - began)
            if status != step.status:
                errors.append(f"{step.name}: {status} {body!r}, not {step.status}")
            sent.bodies[number] = body
        connection.close()

    run_in_threads(client, min(step.at_once, len(step.requests)))
    if errors:
        raise RuntimeError(errors[0])
    return sent


def _exchange(connection: http.client.HTTPConnection, request: Request) -> tuple[int, Any]:
    connection.request(request.method, request.path, request.body or None, dict(request.headers))
    response = connection.getresponse()
    body = response.read()
    kind = response.getheader("Content-Type", "")
    is_json = kind.startswith(("application/json", "application/problem+json"))
    return response.status, json.loads(body) if is_json else None


def median(values: Sequence[float]) -> float:
    """Return the middle one of some values; 0 without any."""
    return sorted(values)[len(values) // 2] if values else 0.0
