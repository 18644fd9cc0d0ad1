"""Debug pages as HTML: semantic, without scripts, readable in a text browser.

Every text is escaped here, in one place; only a ``Drawing`` is inserted as it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from telemetry.debug_page import Cell, Drawing, Field, Form, Lines, Link, Page, Section, Table
from telemetry.management.style import STYLE

NONE: Final = "–"  # noqa: RUF001 - a dash stands for no value
_ALLOWED_IN_URL: Final = "/:?#[]@!$&'()*+,;=%~-._"


def page_html(page: Page, *, path: str, paths: Sequence[str]) -> bytes:
    """Return a page as a document.

    Args:
        page: What it shows.
        path: Its own path.
        paths: Those of all pages, for the navigation.
    """
    title = escape(page.title)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width">\n',
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        _navigation(path, paths),
        f"<main>\n<h1>{title}</h1>\n",
        f"<p>{escape(page.summary)}</p>\n" if page.summary else "",
        f"<p>{' · '.join(_link(link) for link in page.links)}</p>\n" if page.links else "",
        *(part for section in page.sections for part in _section(section)),
        "</main>\n</body>\n</html>\n",
    ]
    return "".join(parts).encode("utf-8", "replace")


def _navigation(path: str, paths: Iterable[str]) -> str:
    items = (
        f'<li><a href="{_url(each)}"{" aria-current=page" if each == path else ""}>'
        f"{escape(each.removeprefix('/debug/') or 'overview')}</a></li>"
        for each in paths
    )
    return f'<nav aria-label="Pages"><ul>{"".join(items)}</ul></nav>\n'


def _section(section: Section) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(section.title)}</h2>\n"
    note = "" if isinstance(section, Form) else section.note
    if note:
        yield f'<p class="note">{escape(note)}</p>\n'
    match section:
        case Table():
            yield from _table(section)
        case Lines():
            yield f'<pre class="lines" tabindex="0">{_text(section.lines)}</pre>\n'
        case Drawing():
            yield f'<div class="scroll">{section.svg}</div>\n'
        case Form():
            yield from _form(section)
    yield "</section>\n"


def _table(table: Table) -> Iterator[str]:
    yield f'<div class="scroll"><table>\n<caption>{escape(table.title)}</caption>\n<thead><tr>'
    numbers = [
        any(isinstance(row[at], (int, float)) for row in table.rows)
        for at in range(len(table.columns))
    ]
    for column, is_number in zip(table.columns, numbers, strict=True):
        text = _link(column) if isinstance(column, Link) else escape(column)
        yield f'<th scope="col"{" class=number" if is_number else ""}>{text}</th>'
    yield "</tr></thead>\n<tbody>\n"
    for first, *others in table.rows:
        yield f'<tr><th scope="row">{_cell(first)}</th>{"".join(map(_data, others))}</tr>\n'
    if not table.rows:
        yield f'<tr><td class="none" colspan="{len(table.columns)}">none</td></tr>\n'
    yield "</tbody></table></div>\n"


def _data(cell: Cell) -> str:
    kind = " class=number" if isinstance(cell, (int, float)) else ""
    return f"<td{kind}>{_cell(cell)}</td>"


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return NONE
        case Link():
            return _link(cell)
        case tuple():
            return f"<pre>{_text(cell)}</pre>"
        case float():
            return f"{cell:.3f}"
    return escape(str(cell))


def _text(lines: Iterable[str]) -> str:
    return "\n".join(escape(line) for line in lines)


def _link(link: Link) -> str:
    return f'<a href="{_url(link.url)}">{escape(link.text)}</a>'


def _url(url: str) -> str:
    """Return a URL for an attribute; one that would run code leads nowhere."""
    if not url.startswith(("/", "?", "#", "http://", "https://")) or url.startswith("//"):
        return "#"
    return escape(quote(url, safe=_ALLOWED_IN_URL))


def _form(form: Form) -> Iterator[str]:
    yield '<form method="get">\n'
    for field in form.fields:
        yield f"<label>{escape(field.label)} {_input(field)}</label>\n"
    yield f'<button type="submit">{escape(form.submit)}</button>\n</form>\n'


def _input(field: Field) -> str:
    name = escape(field.name)
    if not field.choices:
        return f'<input name="{name}" value="{escape(field.value)}">'
    options = "".join(
        f'<option value="{escape(each)}"{" selected" if each == field.value else ""}>'
        f"{escape(each or 'any')}</option>"
        for each in field.choices
    )
    return f'<select name="{name}">{options}</select>'
