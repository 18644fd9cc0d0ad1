"""What stands around a route adds to its answers, told to whoever writes the OpenAPI document.

Both sides know only this: what adds a header says so here, and only when it is switched on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Flask

_EXTENSION: Final = "serene.notes"


@dataclass(frozen=True, slots=True)
class Note:
    """What is added to one operation.

    Args:
        headers: What each header of its successes says, by name.
        answers: Further answers, without a body and with the same headers: what each means, by
            status.
        problems: Statuses of further problems.
        members: Further members of the operation.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[int, str] = field(default_factory=dict)
    problems: frozenset[int] = frozenset()
    members: Mapping[str, Any] = field(default_factory=dict)


Contributor = Callable[[Callable[..., Any], str], Note | None]
"""Returns what is added to a view that is called by a method."""


def contribute(app: Flask, contributor: Contributor) -> None:
    """Have a contributor asked of every operation of an app."""
    app.extensions.setdefault(_EXTENSION, []).append(contributor)


def of(app: Flask, view: Callable[..., Any], method: str) -> Note:
    """All that is added to a view that is called by a method, as one note."""
    found = [
        note
        for contributor in app.extensions.get(_EXTENSION, ())
        if (note := contributor(view, method))
    ]
    return Note(
        headers={name: text for note in found for name, text in note.headers.items()},
        answers={status: text for note in found for status, text in note.answers.items()},
        problems=frozenset().union(*(note.problems for note in found)),
        members={name: value for note in found for name, value in note.members.items()},
    )
