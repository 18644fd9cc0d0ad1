"""File names: read from a request, cleaned for storage, and encoded for a download.

The service never uses a name as a path, but a client that downloads the file may. So a stored name
has no characters with a meaning for a file system or a terminal, and no invisible ones.

Source: RFC 6266 (Content-Disposition), with RFC 8187 for what is not ASCII.
"""

import re
import unicodedata
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from werkzeug.http import parse_options_header

MOST_BYTES: Final = 200
"""Of a name in UTF-8; file systems allow 255."""

UNNAMED: Final = "file"
_SPACES: Final = re.compile(r"\s+")
_UNSAFE: Final = re.compile(r'["*:<>?|\\/]')
_ATTRIBUTE_CHARACTERS: Final = "!#$&+-.^_`|~"


def name_from_header(content_disposition: str) -> str:
    """Return the clean file name of a header.

    Args:
        content_disposition: As WSGI passes it: decoded as Latin-1.
    """
    _, options = parse_options_header(content_disposition)
    name = options.get("filename", "")
    with suppress(UnicodeError):  # many clients send unencoded UTF-8
        name = name.encode("latin-1").decode("utf-8")
    return clean_name(name)


def clean_name(name: str) -> str:
    """Return a name without folders and without control, invisible and reserved characters.

    Args:
        name: Untrusted, of any length.

    Returns:
        ``file`` when nothing is left of it.
    """
    last = re.split(r"[/\\]", name[-4096:])[-1]
    visible = "".join(
        " " if unicodedata.category(character)[0] in "CZ" else character
        for character in unicodedata.normalize("NFC", last)
    )
    plain = _SPACES.sub(" ", _UNSAFE.sub("_", visible)).strip(" .")
    return _shortened(plain) or UNNAMED


def as_attachment(name: str) -> str:
    """Return the value of ``Content-Disposition`` for a download.

    Args:
        name: Clean.
    """
    if name.isascii():
        return f'attachment; filename="{name}"'
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    encoded = quote(name, safe=_ATTRIBUTE_CHARACTERS)
    return f"attachment; filename=\"{clean_name(simple)}\"; filename*=UTF-8''{encoded}"


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > MOST_BYTES // 10:
        stem, dot, ending = name, "", ""
    kept = stem.encode()[: MOST_BYTES - len((dot + ending).encode())].decode("utf-8", "ignore")
    return kept.rstrip(" .") + dot + ending
