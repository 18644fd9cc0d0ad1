"""Names of files: as clients tell them, as they are kept, and as they go out again.

A name is only ever shown, never a path; still it may end as one at whoever downloads it, so it
keeps nothing that means something to a file system, a terminal or the eye.

Source: RFC 6266 (Content-Disposition), with RFC 8187 for what is not ASCII.
"""

import re
import unicodedata
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from werkzeug.http import parse_options_header

MOST_BYTES: Final = 200
"""Of a name in UTF-8; file systems take 255."""

UNNAMED: Final = "file"
_SPACES: Final = re.compile(r"\s+")
_UNSAFE: Final = re.compile(r'["*:<>?|\\/]')
_ATTRIBUTE_CHARACTERS: Final = "!#$&+-.^_`|~"


def given_name(content_disposition: str) -> str:
    """The name in a header, cleaned.

    Args:
        content_disposition: As WSGI hands it over: its bytes, each as a character.
    """
    _, options = parse_options_header(content_disposition)
    name = options.get("filename", "")
    with suppress(UnicodeError):  # many clients send UTF-8 as it is
        name = name.encode("latin-1").decode("utf-8")
    return clean_name(name)


def clean_name(name: str) -> str:
    """A name without folders, controls, what cannot be seen, and what file systems do not take;
    ``file`` when nothing is left.

    Args:
        name: From outside, of any length.
    """
    last = re.split(r"[/\\]", name[-4096:])[-1]
    visible = "".join(
        " " if unicodedata.category(each)[0] in "CZ" else each
        for each in unicodedata.normalize("NFC", last)
    )
    plain = _SPACES.sub(" ", _UNSAFE.sub("_", visible)).strip(" .")
    return _shortened(plain) or UNNAMED


def as_attachment(name: str) -> str:
    """The value of ``Content-Disposition`` for a download.

    Args:
        name: Clean.
    """
    if name.isascii():
        return f'attachment; filename="{name}"'
    simple = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{clean_name(simple)}\"; filename*=UTF-8''{quote(name, safe=_ATTRIBUTE_CHARACTERS)}"


def _shortened(name: str) -> str:
    if len(name.encode()) <= MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > MOST_BYTES // 10:
        stem, dot, ending = name, "", ""
    kept = stem.encode()[: MOST_BYTES - len((dot + ending).encode())].decode("utf-8", "ignore")
    return kept.rstrip(" .") + dot + ending
