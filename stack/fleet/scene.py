"""What a scene is: something that was asked of the fleet, and what was seen."""

from collections.abc import Callable
from dataclasses import dataclass

from stack.fleet.fleet import HostFleet


@dataclass(frozen=True, slots=True)
class Options:
    """How much the scenes do.

    Args:
        requests: Of the rolling update.
    """

    requests: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen.

    Args:
        text: For the table.
        passed: Whether it is what was asked.
    """

    text: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """One scene.

    Args:
        name: On the command line.
        asked: What it is to show.
        run: Shows it; leaves the fleet as it was.
    """

    name: str
    asked: str
    run: Callable[[HostFleet, Options], Seen]
