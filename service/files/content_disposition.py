"""The file name in ``Content-Disposition``, of a request and of a part of a form.

Parameters are read as their senders mean them, which is wider than the grammar: ``filename*`` wins
over ``filename`` in any order, a value in an unknown charset or with a broken encoding is as if it
were absent, and of several values with one name the first counts. Percent signs are decoded once,
in extended values; in a form's plain ones only the three that browsers encode.

Source: RFC 6266 with RFC 8187; RFC 2231, section 3 for continuations; RFC 7578 and WHATWG HTML
("multipart/form-data encoding algorithm") for forms.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

_CHARSETS: Final = {"utf-8": "utf-8", "iso-8859-1": "latin-1", "us-ascii": "ascii"}
# A name, and a value that is quoted (to its closing quote or the end) or goes up to a semicolon.
_PARAMETER: Final = re.compile(
    r'[;\s]*([^\s;="]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.|\\$)*)(?:"[^;]*|$)|([^;]*))'
    r'|[;\s]*"(?:[^"\\]|\\.)*(?:"|$)|[;\s]*[^;]+|[;\s]+',
    re.DOTALL,
)
# Apostrophes stay unencoded by ECMAScript's encodeURIComponent, which many senders use.
_EXTENDED: Final = re.compile(r"([^']+)'[^']*'((?:[^%\x80-\U0010ffff]|%[0-9A-Fa-f]{2})*)")
_PIECE: Final = re.compile(r"filename\*(0|[1-9]\d{0,2})(\*?)")
# A backslash before anything else is one of a path of Windows.
_ESCAPED: Final = re.compile(r'\\(["\\])')
_ENCODED_BY_BROWSERS: Final = {"%22": '"', "%0D": "\r", "%0A": "\n"}


def name_of(header: str, *, in_form: bool) -> str:
    """Return the file name of a header; empty when it has none that can be read.

    Args:
        header: Decoded as Latin-1, as WSGI passes it: its bytes may be UTF-8.
        in_form: Whether the header is of a part of a form.
    """
    parameters = dict(reversed(list(_parameters(header))))
    for candidate in (parameters.get("filename*"), _continued(parameters)):
        name = _extended(candidate) if candidate is not None else None
        if name:
            return name
    plain = _readable(parameters.get("filename", ""))
    return _of_browsers(plain) if in_form else plain


def has_name(header: str) -> bool:
    """Return whether a header of a form's part has a file name, which may be empty."""
    return any(name.partition("*")[0] == "filename" for name, _ in _parameters(header))


def parameter(header: str, name: str) -> str | None:
    """Return a plain parameter of a header, such as the name of a form's part."""
    found = [value for key, value in _parameters(header) if key == name]
    return _of_browsers(_readable(found[0])) if found else None


def _parameters(header: str) -> Iterator[tuple[str, str]]:
    for found in _PARAMETER.finditer(header):
        name, quoted, plain = found.groups()
        if name is not None:
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain.strip()
            yield name.lower(), value


def _continued(parameters: dict[str, str]) -> str | None:
    # filename*0*=UTF-8''a; filename*1=b; the charset is in the first piece.
    pieces = {
        int(found[1]): (value, bool(found[2]))
        for name, value in parameters.items()
        if (found := _PIECE.fullmatch(name))
    }
    if 0 not in pieces:
        return None
    whole, number = "", 0
    while number in pieces:
        value, is_encoded = pieces[number]
        whole += value if is_encoded else value.replace("%", "%25")
        number += 1
    return whole if pieces[0][1] else f"utf-8''{whole}"


def _extended(value: str) -> str | None:
    found = _EXTENDED.fullmatch(value)
    charset = _CHARSETS.get(found[1].lower()) if found else None
    if found is None or charset is None:
        return None
    try:
        return unquote_to_bytes(found[2]).decode(charset)
    except UnicodeDecodeError:
        return None


def _readable(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")  # many clients send unencoded UTF-8
    except UnicodeError:
        return value


def _of_browsers(value: str) -> str:
    return re.sub(
        "%22|%0D|%0A", lambda found: _ENCODED_BY_BROWSERS[found[0].upper()], value, flags=re.I
    )
