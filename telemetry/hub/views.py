"""What the hub does and did, as plain data for ``/debug/hub``; readable from any thread."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from telemetry.debug_page import Cell, Lines, Link, Page, Section, Table
from telemetry.hub.attribution import main_cause
from telemetry.hub.block_log import HubBlock
from telemetry.hub.blocked_seconds import BlockedSeconds
from telemetry.hub.loop_timer import LoopTimer
from telemetry.hub.profile import Profile
from telemetry.hub.sampled_hub import Running
from telemetry.hub.samples import SeenHub, code_of

MOST_BLOCKS: Final = 20
MOST_CODES: Final = 20


def hub_view(
    timer: LoopTimer,
    running: Running,
    seen: SeenHub,
    blocks: Iterable[HubBlock],
    blocked: BlockedSeconds,
    profile: Profile,
) -> dict[str, Any]:
    """Describe the hub: its present turn, its last blocks and the costliest code of the hour.

    Args:
        timer: The turns.
        running: What runs.
        seen: The last samples.
        blocks: Oldest first.
        blocked: Seconds by code.
        profile: Its size is shown.
    """
    began = timer.began
    return {
        "turnSeconds": round(max(0.0, time.perf_counter() - began), 6) if began else 0.0,
        "thresholdSeconds": timer.threshold_seconds,
        "running": _running(running, seen, began),
        "blocks": [_block(block) for block in reversed(list(blocks)[-MOST_BLOCKS:])],
        "costliestCodes": [
            {"code": code, "seconds": round(seconds, 6)}
            for code, seconds in blocked.costliest()[:MOST_CODES]
        ],
        "profile": {
            "samples": profile.samples,
            "leftOut": profile.left_out,
            "bytes": profile.size,
        },
    }


def hub_page(data: dict[str, Any]) -> Page:
    """Return what ``hub_view`` describes as a page."""
    running = data["running"]
    summary = (
        f"The present turn has lasted {data['turnSeconds']:.3f} s."
        if running
        else "The hub is free."
    )
    sections: list[Section] = []
    if running:
        who = f"{running['route'] or 'code outside of requests'} {running['requestId']}"
        sections.append(Lines(f"Runs now: {who}", running["stack"]))
    sections.append(
        Table(
            "Costliest code of the hour",
            ["code", "seconds"],
            [
                [
                    Link(each["code"], f"/debug/profile?{urlencode({'frame': each['code']})}"),
                    each["seconds"],
                ]
                for each in data["costliestCodes"]
            ],
            note=f"Turns of more than {data['thresholdSeconds']:g} s.",
        )
    )
    sections.append(
        Table(
            "Last blocks",
            ["ended", "seconds", "kind", "code", "culprits"],
            [_row(block) for block in data["blocks"]],
        )
    )
    return Page(
        "The hub", sections, data, summary=summary, links=(Link("What runs", "/debug/profile"),)
    )


def _profile_of(code: str) -> str:
    return f"/debug/profile?{urlencode({'seconds': 3600, 'frame': code})}"


def _row(block: dict[str, Any]) -> list[Cell]:
    ended = datetime.fromtimestamp(block["endedUnixSeconds"], UTC).isoformat(timespec="seconds")
    culprits = tuple(
        f"{each['seconds']:.3f} s {each['kind']} {each['code']} {each['route']} {each['requestId']}"
        for each in block["culprits"]
    )
    return [ended, block["seconds"], block["kind"], block["code"], culprits]


def _running(running: Running, seen: SeenHub, began: float) -> dict[str, Any] | None:
    if not began:
        return None
    record, _ = running()
    last = next(iter(reversed(seen.samples.copy())), None)
    return {
        "requestId": record.request_id if record is not None else "",
        "route": record.route if record is not None else "",
        # Of the last sample: at most one interval old, and only if it is of this turn.
        "code": code_of(last.frames) if last is not None and last.turn_began == began else "",
        "stack": [str(place) for place in last.frames]
        if last is not None and last.turn_began == began
        else [],
    }


def _block(block: HubBlock) -> dict[str, Any]:
    return {
        "endedUnixSeconds": round(block.ended_unix, 3),
        "seconds": round(block.seconds, 6),
        "kind": main_cause(block.seconds_by_cause),
        "code": block.code,
        "culprits": [
            {
                "kind": culprit.cause,
                "code": culprit.code,
                "seconds": round(culprit.seconds, 6),
                "route": culprit.record.route if culprit.record is not None else "",
                "requestId": culprit.record.request_id if culprit.record is not None else "",
            }
            for culprit in block.culprits
            if culprit.seconds >= 1e-3
        ],
    }
