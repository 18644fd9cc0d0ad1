"""Rooms that may have been deleted: tests of the whole service skip what they added."""

from typing import Final

from tests.architecture.sources import ROOT

PATHS: Final = {"/api/v1/blog/": "blog"}
"""Paths of the rooms that can be deleted, by prefix."""


def has_room(name: str) -> bool:
    """Return whether the service has a room."""
    return (ROOT / "service" / name).is_dir()


def is_served(path: str) -> bool:
    """Return whether the room of a path exists."""
    return all(has_room(room) or not path.startswith(prefix) for prefix, room in PATHS.items())
