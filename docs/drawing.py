"""Boxes, arrows and text as SVG, for ``docs/pictures.py``.

Each picture has a background of its own, so it reads the same on a light and a dark page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 1040

INK, GREY, LINE, ARROW = "#26304a", "#5f6b88", "#d7dceb", "#5b6b8c"
PAPER, CARD, DARK = "#f7f8fb", "#fff", "#1d2433"
BLUE, ORANGE = "#4c7df0", "#c9741a"
MONO: Final = "'JetBrains Mono', Menlo, Consolas, monospace"


@dataclass(frozen=True, slots=True)
class Style:
    """Colours of a box."""

    fill: str = CARD
    stroke: str = LINE
    title: str = INK
    text: str = GREY


PLAIN: Final = Style()
PANEL: Final = Style(fill="#eef1f8", stroke="#dfe4f0")
NIGHT: Final = Style(fill=DARK, stroke=DARK, title="#ffffff", text="#b4c2df")
ACCENT: Final = Style(stroke=BLUE)


def text(x: float, y: float, content: str, *, size: int = 12, **attributes: str) -> str:
    """One line of text; attributes as in SVG, with ``_`` for ``-``."""
    extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}"{extra}>{escape(content)}</text>'


def rectangle(x: float, y: float, width: float, height: float, style: Style = PLAIN) -> str:
    """A box without text."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8"'
        f' fill="{style.fill}" stroke="{style.stroke}"/>'
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    title: str,
    lines: Sequence[str] = (),
    style: Style = PLAIN,
) -> str:
    """A box with a title and lines below it."""
    parts = [
        rectangle(x, y, width, height, style),
        text(x + 12, y + 21, title, size=13, font_weight="600", fill=style.title),
    ]
    parts += [
        text(x + 12, y + 39 + 17 * number, line, fill=style.text)
        for number, line in enumerate(lines)
    ]
    return "\n".join(parts)


def row(x: float, y: float, width: float, names: str, meaning: str = "") -> str:
    """One floor: names on the left, what they are on the right."""
    parts = [
        rectangle(x, y, width, 32),
        text(x + 12, y + 21, names, size=13, font_weight="600", fill=INK),
    ]
    if meaning:
        parts.append(text(x + width - 12, y + 21, meaning, fill=GREY, text_anchor="end"))
    return "\n".join(parts)


def arrow(path: str, colour: str = ARROW) -> str:
    """A path with a head at its end, such as ``M0 0H10``."""
    head = "o" if colour == ORANGE else "a"
    return (
        f'<path d="{path}" stroke="{colour}" stroke-width="1.6" fill="none"'
        f' marker-end="url(#{head})"/>'
    )


def _head(name: str, colour: str) -> str:
    return (
        f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"'
        f' markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="{colour}"/></marker>'
    )


def picture(title: str, description: str, height: int, parts: Iterator[str]) -> str:
    """A whole SVG file."""
    head = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" \
font-family="Inter, 'Segoe UI', Helvetica, Arial, sans-serif" role="img" aria-labelledby="t d">
<title id="t">{escape(title)}</title>
<desc id="d">{escape(description)}</desc>
<defs>
{_head("a", ARROW)}
{_head("o", ORANGE)}
</defs>
<rect width="{WIDTH}" height="{height}" rx="12" fill="{PAPER}"/>"""
    return "\n".join([head, *parts, "</svg>"]) + "\n"
