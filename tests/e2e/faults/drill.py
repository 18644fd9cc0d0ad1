"""The drill: press each fault, see its alert fire and its panels change, release it, see all end.

Faults that share nothing are pressed side by side, each in a track of its own: their alerts are
different ones, or differ in a label, and none fires before its fault is pressed nor after the fault
is released. Faults of the whole service come one after the other. Meanwhile the runbook of every
alert that fires is followed, and what has no button is planted in the sick instance.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
import requests

from dashboards.alerts import DEPLOY
from stack.errors import StackError
from stack.faults import press
from stack.faults.catalogue import FAULTS
from tests.e2e.faults.first_check import FirstCheck
from tests.e2e.faults.follower import Follower
from tests.e2e.faults.panels import Before, Panels
from tests.e2e.faults.planted import Planted
from tests.e2e.faults.stand import Stand, firing

RULES = DEPLOY / "rules" / "alerts.yml"
FIRES_SECONDS = 240.0
RESOLVES_SECONDS = 120.0
CHANGES_SECONDS = 15.0
POLL_SECONDS = 0.25
LEAK_AFTER_SECONDS = 170.0
"""A leak is growth since a window ago, which the worker has to have lived through."""

FIRST_WORKER = {"service_instance_id": f"{socket.gethostname()}/0"}
LABELS: Mapping[str, Mapping[str, str]] = {
    "small-pool": FIRST_WORKER,
    "blocked-hub": {**FIRST_WORKER, "severity": "page"},
    "memory-leak": FIRST_WORKER,
    "clock-step": FIRST_WORKER,
    "slow-companion": {"route_class": "companion"},
    "dead-collector": {"severity": "page"},
    "dead-tempo": {"signal": "spans"},
}
"""By which an alert of a fault is known, where others of its name may fire beside."""

TRACKS: Sequence[Sequence[str]] = (
    ("failing-payments", "hanging-payments"),
    ("failing-companion", "slow-companion"),
    ("memory-leak",),
    ("read-only-redis", "dead-tempo", "traffic-spike"),
    ("clock-step", "worker-kill"),
    ("slow-clients", "small-pool"),
)
"""Pressed side by side; those of one track after each other."""

SEQUENCE: Sequence[str] = (
    "blocked-hub",
    "gil-hog",
    "slow-mongodb",
    "dead-mongodb",
    "dead-collector",
)
"""Pressed after those, each when the one before is over."""


@dataclass
class Observation:
    """What one fault did.

    Attributes:
        fired_seconds: From the press to its alert; None when it did not fire.
        resolved_seconds: From the release until it was over; None when it was not.
        panels: Titles of panels of its board that changed.
        silent: Queries of its runbook that showed nothing while its alert fired.
        problem: What went wrong; empty when nothing did.
    """

    fault: str
    fired_seconds: float | None = None
    resolved_seconds: float | None = None
    panels: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    problem: str = ""


class Drill:
    """One run over every fault.

    Args:
        stand: Under traffic, with rules at short windows.

    Attributes:
        follower: Which alerts fired, and what their runbooks showed.
        planted: What has no button.
    """

    def __init__(self, stand: Stand) -> None:
        self._stack = stand.stack
        self._panels = Panels(stand.stack, RULES)
        self._began = time.monotonic()
        self.observations = {name: Observation(name) for name in FAULTS}
        self.follower = Follower(stand.stack)
        self.planted = Planted(stand, self.follower)

    def run(self) -> dict[str, Observation]:
        """Press and release all; returns what each did."""
        following = gevent.spawn(self.follower.run)
        tracks = [gevent.spawn(self._track, names) for names in TRACKS]
        gevent.joinall([*tracks, gevent.spawn(self.planted.run)], raise_error=True)
        for name in SEQUENCE:
            self._one(name, isolated=True)
        following.kill()
        return self.observations

    def _track(self, names: Sequence[str]) -> None:
        for name in names:
            if name == "memory-leak":
                gevent.sleep(max(0.0, self._began + LEAK_AFTER_SECONDS - time.monotonic()))
            self._one(name, isolated=False)

    def _one(self, name: str, *, isolated: bool) -> None:
        found = self.observations[name]
        try:
            self._drill(found, isolated=isolated)
        except (AssertionError, StackError, requests.RequestException) as error:
            found.problem = f"{error}"
        finally:
            with suppress(StackError):
                press.release(self._stack, name)

    def _drill(self, found: Observation, *, isolated: bool) -> None:
        fault = FAULTS[found.fault]
        self._until(lambda: not self._fires(found.fault), RESOLVES_SECONDS, "quiet before")
        before = self._panels.before(fault, isolated=isolated)
        first_check = FirstCheck(self._stack, fault.runbook)
        pressed = time.monotonic()
        press.press(self._stack, found.fault, seconds=600)
        self._until(lambda: self._fires(found.fault), FIRES_SECONDS, f"{fault.alert} fires")
        found.fired_seconds = time.monotonic() - pressed
        found.panels = self._changed(before)
        found.silent = self._followed(first_check)
        released = time.monotonic()
        press.release(self._stack, found.fault)
        self._until(lambda: not self._fires(found.fault), RESOLVES_SECONDS, f"{fault.alert} ends")
        found.resolved_seconds = time.monotonic() - released

    def _changed(self, before: Before) -> list[str]:
        """Return the panels that changed; their queries' windows may be longer than the rule's."""
        began = time.monotonic()
        while not (found := self._panels.changed(before)):
            if time.monotonic() - began > CHANGES_SECONDS:
                break
            gevent.sleep(POLL_SECONDS)
        return found

    def _followed(self, first_check: FirstCheck) -> list[str]:
        """Return the queries of the runbook that show nothing, as a person who follows it would."""
        began = time.monotonic()
        while (silent := first_check.silent()) and time.monotonic() - began < CHANGES_SECONDS:
            gevent.sleep(POLL_SECONDS)
        return silent

    def _fires(self, name: str) -> bool:
        wanted = {"alertname": FAULTS[name].alert} | LABELS.get(name, {})
        return any(wanted.items() <= labels.items() for labels in firing(self._stack))

    def _until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Poll. Raises: AssertionError when it takes longer."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > seconds:
                others = sorted({labels["alertname"] for labels in firing(self._stack)})
                raise AssertionError(f"not within {seconds:g} s: {what}; firing are {others}")
            gevent.sleep(POLL_SECONDS)


def rows(observations: Mapping[str, Observation]) -> Iterator[dict[str, Any]]:
    """Yield what the pages show of each fault, as JSON values."""
    for name, fault in FAULTS.items():
        found = observations[name]
        yield {
            "fault": name,
            "what": fault.what,
            "alert": fault.alert,
            "board": fault.board,
            "runbook": fault.runbook,
            "fired_seconds": None if found.fired_seconds is None else round(found.fired_seconds),
            "resolved_seconds": (
                None if found.resolved_seconds is None else round(found.resolved_seconds)
            ),
            "panels": found.panels,
        }
