"""A page of the management port as plain data: what a room shows, without HTTP and HTML.

A room that has something to show returns a ``Page`` from a function of the query's parameters;
``management`` makes HTML for people of it, or JSON for tools, and escapes every text. Such a
function runs in a native thread, also while the hub is held: it may not wait, log or import.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias


class Link(NamedTuple):
    """A text that leads to another page.

    Args:
        text: Shown.
        url: A path of the management port with its query, or an ``http(s)`` URL.
    """

    text: str
    url: str


Cell: TypeAlias = "str | int | float | Link | tuple[str, ...] | None"
"""A number stands at the right; a tuple is shown line by line, as it is; ``None`` as a dash."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells.

    Args:
        title: A heading, and the table's caption for those who cannot see it.
        columns: Their headers; a ``Link`` can be one that sorts.
        rows: One cell for each column; the first one names its row.
        note: One sentence below the heading, or empty.
    """

    title: str
    columns: Sequence[str | Link]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of fixed width, such as a stack.

    Args:
        title: A heading.
        lines: Shown as they are.
        note: One sentence below the heading, or empty.
    """

    title: str
    lines: Sequence[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG picture; a table beside it should state the same.

    Args:
        title: A heading.
        svg: Inserted as it is, so every text in it must be escaped (``html.escape``). It may use
            the classes of ``management.style`` (``phase-db``, ``series-0`` …), but no script and no
            ``style`` attribute: the page's security policy stops both.
        note: One sentence below the heading, or empty.
    """

    title: str
    svg: str
    note: str = ""


class Field(NamedTuple):
    """A parameter of the query that a person can set.

    Args:
        name: Of the parameter.
        label: Shown before it.
        value: The present one.
        choices: All allowed values; free text when there are none.
    """

    name: str
    label: str
    value: str
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """Parameters of the page's own query.

    Args:
        title: A heading.
        fields: In order.
        submit: Text of the button.
    """

    title: str
    fields: Sequence[Field]
    submit: str = "Filter"


Section: TypeAlias = Table | Lines | Drawing | Form


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Args:
        title: Its first heading.
        sections: In order.
        data: The same facts for tools, as JSON values.
        summary: A sentence below the title, or empty.
        links: Related pages.
        status: HTTP status code.
    """

    title: str
    sections: Sequence[Section]
    data: Mapping[str, Any]
    summary: str = ""
    links: Sequence[Link] = ()
    status: int = 200


@dataclass(frozen=True, slots=True)
class File:
    """Bytes for a tool, such as a profile.

    Args:
        content_type: A media type.
        body: As it is sent.
        headers: Others, by name.
    """

    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


Query: TypeAlias = Mapping[str, str]
"""Parameters by name: decoded; of repeated ones the last."""

DebugPage: TypeAlias = Callable[[Query], Page | File]
"""Returns what a path shows. The path of one that ends with a slash stands for all below it, and
its query has the rest of the path under ``REST``."""

REST = "/"
