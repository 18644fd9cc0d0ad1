"""The profile over HTTP: a flame graph for people, collapsed stacks and pprof for tools."""

import time
from typing import Final

from telemetry.debug_page import File, Page, Query
from telemetry.hub import flame_graph, pprof
from telemetry.hub.profile import MINUTES, Counted, Profile, Stack
from telemetry.problem import problem_members

DEFAULT_SECONDS: Final = 300
MOST_SECONDS: Final = MINUTES * 60
FORMATS: Final = ("html", "collapsed", "pprof")
MOST_ROUTES: Final = 50

Stacks = dict[Stack, Counted]


def profile_page(profile: Profile, query: Query) -> Page | File:
    """Return the profile as a file, or a page that names what is not allowed.

    Args:
        profile: To show.
        query: See ``profile_file``.
    """
    try:
        return profile_file(profile, query)
    except ValueError as error:
        return Page("Profile", [], problem_members(400, str(error)), summary=str(error), status=400)


def profile_file(profile: Profile, query: Query) -> File:
    """Return the profile.

    Args:
        profile: To show.
        query: Parameters by name. ``seconds`` before now, in whole minutes as it is kept;
            ``route`` alone; stacks with the function ``frame`` alone, from it inwards; ``format``.

    Raises:
        ValueError: A parameter is not allowed; one sentence for the client.
    """
    seconds = _seconds(query.get("seconds", str(DEFAULT_SECONDS)))
    form = query.get("format", FORMATS[0])
    if form not in FORMATS:
        raise ValueError(f"format should be one of {', '.join(FORMATS)}.")
    kept = _added_up(profile, seconds)
    route, frame = query.get("route", ""), query.get("frame", "")
    shown = _from_frame(
        {stack: counted for stack, counted in kept.items() if route in ("", stack.route)}, frame
    )
    if form == "collapsed":
        return File("text/plain; charset=utf-8", _collapsed(shown))
    if form == "pprof":
        body = pprof.encode(
            shown.items(),
            ended_unix_ns=time.time_ns(),
            seconds=seconds,
            period_ns=int(profile.sample_every_seconds * 1e9),
            comment=flame_graph.BIAS,
        )
        return File(
            "application/octet-stream",
            body,
            {"Content-Disposition": 'attachment; filename="profile.pb.gz"'},
        )
    return _html(profile, shown, kept, seconds, query)


def _seconds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_SECONDS):
        raise ValueError(f"seconds should be a whole number from 1 to {MOST_SECONDS}.")
    return int(text)


def _added_up(profile: Profile, seconds: int) -> Stacks:
    found: Stacks = {}
    for stack, counted in profile.between(seconds):
        _add(found, stack, counted)
    return found


def _add(found: Stacks, stack: Stack, counted: Counted) -> None:
    known = found.setdefault(stack, Counted())
    known.samples += counted.samples
    known.nanoseconds += counted.nanoseconds


def _from_frame(stacks: Stacks, frame: str) -> Stacks:
    if not frame:
        return stacks
    found: Stacks = {}
    for stack, counted in stacks.items():
        if frame in stack.labels:
            inner = stack.labels[stack.labels.index(frame) :]
            _add(found, stack._replace(labels=inner), counted)
    return found


def _collapsed(stacks: Stacks) -> bytes:
    """One line a stack: its functions from the outermost on, and the number of its samples."""
    lines: dict[str, int] = {}
    for stack, counted in stacks.items():
        line = ";".join((stack.route, *stack.labels)).replace(" ", "_")
        lines[line] = lines.get(line, 0) + counted.samples
    return "".join(f"{line} {count}\n" for line, count in sorted(lines.items())).encode(
        "utf-8", "replace"
    )


def _html(profile: Profile, shown: Stacks, kept: Stacks, seconds: int, query: Query) -> File:
    by_route: dict[str, int] = {}
    for stack, counted in kept.items():
        by_route[stack.route] = by_route.get(stack.route, 0) + counted.nanoseconds
    routes = sorted(by_route.items(), key=lambda pair: -pair[1])[:MOST_ROUTES]
    samples = sum(counted.samples for counted in shown.values())
    total = sum(counted.nanoseconds for counted in shown.values()) / 1e9
    facts = (
        f"{samples} samples, {total:.2f} s of running code in the last {seconds} s"
        f" (whole minutes). Outermost first; a box is as wide as its time."
    )
    if profile.left_out:
        facts += f" {profile.left_out} samples were left out for memory since the start."
    route = query.get("route", "")
    links = {name: value for name, value in query.items() if name in ("seconds", "route", "frame")}
    page, policy = flame_graph.page(
        shown.items(),
        links,
        title=f"What runs: {route or 'all routes'}",
        facts=facts,
        routes=routes,
    )
    return File(
        "text/html; charset=utf-8",
        page.encode("utf-8", "replace"),
        {"Content-Security-Policy": policy},
    )
