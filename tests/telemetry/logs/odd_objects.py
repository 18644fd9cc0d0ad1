"""Objects that are hard to write: their texts raise, have no end, or are none."""

import dataclasses
import enum


class Raises:
    """An object without a text."""

    def __str__(self):
        raise ValueError("no text")

    __repr__ = __str__


class Endless:
    """Its text contains itself."""

    def __str__(self):
        return f"[{self}]"


class Number:
    """Its text is no text."""

    def __str__(self):
        return 7  # noqa: PLE0307 - the mistake


class Silent(Exception):
    """An exception without a text."""

    def __str__(self):
        raise RuntimeError("silent")


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Text(str):
    """A text with a text of its own."""

    def __str__(self):
        return "another"


class OddMapping(dict):
    def items(self):
        raise KeyError("odd")


@dataclasses.dataclass
class Order:
    number: int
    password: str = "hunter2"


def itself():
    circle = {"name": "circle"}
    circle["again"] = [circle]
    return circle


def deep(levels):
    value = "bottom"
    for _ in range(levels):
        value = [value]
    return value


BIG = 10**4999
NO_TEXT = "<Raises: ValueError from its text>"
