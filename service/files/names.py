"""File names: cleaned for storage, and encoded for a download.

The service never uses a name as a path, but a client that downloads the file may. So a stored name
has no characters with a meaning for a file system or a terminal, none that turn the direction of
text, and is no name that Windows reserves. Joiners, selectors and tags stay: scripts and emoji need
them.

Source: RFC 6266 (Content-Disposition), with RFC 8187 for what is not ASCII; Microsoft's "Naming
Files, Paths, and Namespaces".
"""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from service.files.content_disposition import name_of
from service.http.characters import cut_to_bytes, is_invisible

MOST_BYTES: Final = 200
"""Of a name in UTF-8; file systems allow 255."""

UNNAMED: Final = "file"
_SPACES: Final = re.compile(r"\s+")
_UNSAFE: Final = re.compile(r'["*:<>?|\\/]')
_LONGEST_ENDING_BYTES: Final = 20
_ATTRIBUTE_CHARACTERS: Final = "!#$&+-.^_`|~"
_RESERVED: Final = re.compile(
    r"^(con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\xb9\xb2\xb3])(?= *(?:\.|$))",
    re.IGNORECASE,
)
# Formats that scripts and emoji need, of those that have no glyph.
_KEPT_FORMATS: Final = frozenset("\u200c\u200d\u180e")
_TAGS: Final = range(0xE0020, 0xE0080)
_REMOVED: Final = dict.fromkeys(map(ord, "\xad\u061c\u200b\u200e\u200f\u2060\ufeff"))


def name_from_header(content_disposition: str) -> str:
    """Return the clean file name of a request's header.

    Args:
        content_disposition: As WSGI passes it: decoded as Latin-1.
    """
    return clean_name(name_of(content_disposition, in_form=False))


def name_from_form(content_disposition: str) -> str:
    """Return the clean file name of a form's part; see ``name_from_header``."""
    return clean_name(name_of(content_disposition, in_form=True))


def clean_name(name: str) -> str:
    """Return a name without folders and without control, invisible and reserved characters.

    Args:
        name: Untrusted, of any length.

    Returns:
        ``file`` when nothing is left of it.
    """
    last = re.split(r"[/\\]", name[-4096:].translate(_REMOVED))[-1]
    visible = "".join(
        character if _is_kept(character) else " "
        for character in unicodedata.normalize("NFC", last)
    )
    plain = _SPACES.sub(" ", _UNSAFE.sub("_", visible)).strip(" .")
    if all(map(is_invisible, plain)):
        return UNNAMED
    return _RESERVED.sub(r"\1_", _shortened(plain))


def as_attachment(name: str) -> str:
    """Return the value of ``Content-Disposition`` for a download.

    A percent sign is encoded too: some clients decode it in a plain name.

    Args:
        name: Clean.
    """
    if name.isascii() and "%" not in name:
        return f'attachment; filename="{name}"'
    encoded = quote(name, safe=_ATTRIBUTE_CHARACTERS)
    return f"attachment; filename=\"{_simple(name)}\"; filename*=UTF-8''{encoded}"


def _simple(name: str) -> str:
    compatible = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r'["*:<>?|\\/%\x00-\x1f\x7f]', "_", compatible)
    stem, dot, ending = plain.rpartition(".")
    if dot and not stem.strip(" ._-"):
        return f"{UNNAMED}.{ending.strip()}" if ending.strip() else UNNAMED
    return clean_name(plain)


def _is_kept(character: str) -> bool:
    category = unicodedata.category(character)
    if category == "Cf":
        return character in _KEPT_FORMATS or ord(character) in _TAGS
    if category == "Cn":  # an emoji that is newer than this Python, or a noncharacter
        return ord(character) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(character) <= 0xFDEF
    return category[0] not in "CZ"


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > _LONGEST_ENDING_BYTES:
        stem, dot, ending = name, "", ""
    kept = cut_to_bytes(stem, MOST_BYTES - len((dot + ending).encode()))
    return kept.rstrip(" .") + dot + ending
