"""What the flight recorders of the service's workers know of one request, as lines of text.

Each worker has a management port of its own; they are asked in order, until a port has no listener.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

_TIMEOUT_SECONDS = 10.0
_MOST_MISSING = 2
_BAR_COLUMNS = 30
_FRAMES = 12


def find(ports: Iterable[int], searched: str) -> tuple[int, dict[str, Any]] | None:
    """Return the slot of the worker that has the request in flight or kept, and all it knows.

    Args:
        ports: Management ports, by slot. One may be restarting; after two without a listener there
            are no further workers.
        searched: Id of the request or of its trace.
    """
    missing = 0
    for slot, port in enumerate(ports):
        url = f"http://127.0.0.1:{port}/debug/requests/{quote(searched, safe='')}"
        try:
            with urllib.request.urlopen(
                urllib.request.Request(url, headers={"Accept": "application/json"}),
                timeout=_TIMEOUT_SECONDS,
            ) as response:
                return slot, json.load(response)
        except urllib.error.HTTPError:
            missing = 0  # that worker does not have it
        except (OSError, ValueError):
            missing += 1
        if missing == _MOST_MISSING:
            break
    return None


def described(slot: int, members: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that show a recorded request.

    Args:
        slot: Of the worker that has it.
        members: As its management port returns them.
    """
    total = members["durationSeconds"]
    how = "in flight" if members.get("inFlight") else f"{members['reason']}, {members['outcome']}"
    yield (
        f"Recorded by worker {slot}: {members['method']} {members['route']}, {how}, status "
        f"{members['status']}, {total:.3f} s"
    )
    for phase, seconds in sorted(members["phaseSeconds"].items(), key=lambda each: -each[1]):
        if seconds > 0.0:
            bar = "█" * max(1, round(_BAR_COLUMNS * seconds / max(total, 1e-9)))
            yield f"  {phase:<14}{seconds:9.3f} s  {bar}"
    for snapshot in members["snapshots"]:
        yield from _snapshot(snapshot)
    for event in members["events"]:
        at = event["unixSeconds"] - members["beganUnixSeconds"]
        yield f"  at {at:.3f} s: {event['name']}"
        for name, value in event["attributes"].items():
            yield from (f"    {line}" for line in f"{name}: {value}".splitlines())
    for line in members["logLines"]:
        yield f"  {line['time']} {line['level']:<7} {line['logger']}: {line['message']}"


def _snapshot(snapshot: Mapping[str, Any]) -> Iterator[str]:
    yield f"  at {snapshot['ageSeconds']:.3f} s: {snapshot['state']}"
    for wait in snapshot["openWaits"]:
        yield from (f"    held: {each}" for each in wait.get("heldBy", ()))
    for stack in snapshot["stacks"][:1]:
        yield from (f"    {frame}" for frame in stack["frames"][-_FRAMES:])
