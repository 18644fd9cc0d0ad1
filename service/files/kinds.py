"""The type of a file by its content, never by its name.

Text is told by being text, and a page or a drawing that a browser would run is no text. Documents
that are ZIP archives are told apart by what the archive begins with. For all else there is
``puremagic``, whose weaker guesses are only used when nothing stronger is there.

Source: WHATWG MIME Sniffing, section 7.1 for what a browser takes for HTML; ECMA-376 and ODF 1.3,
part 2, section 3.3 for documents.
"""

import codecs
import re
from typing import Final

import puremagic
from puremagic import PureError

HEAD_BYTES: Final = 8192
"""How much of a file is looked at."""

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
HTML: Final = "text/html"
ARCHIVE: Final = "application/zip"

_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP: Final = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|body|script|iframe|svg|math|object|embed|meta|link|style|title|base"
    rb"|form|table|div|span|font|img|input|video|audio|a|b|p|br|h[1-6])(?:[\s>/\[-]|$)"
)
_ZIP: Final = b"PK\x03\x04"
_ODF: Final = re.compile(
    rb"PK\x03\x04.{26}mimetype(application/vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation))PK",
    re.DOTALL,
)
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_OFFICE_FOLDERS: Final = {
    b"word/": f"{_OFFICE}wordprocessingml.document",
    b"xl/": f"{_OFFICE}spreadsheetml.sheet",
    b"ppt/": f"{_OFFICE}presentationml.presentation",
}
# A local file header of a ZIP archive, up to the entry's name.
_ENTRY: Final = re.compile(rb"PK\x03\x04.{26}([!-~]{1,64})", re.DOTALL)
_OGG_AUDIO: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
# puremagic's own words, some of which are only the ending of a name.
_SPELLINGS: Final = {
    "image/heic": "image/heif",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    "application/ogg": "audio/ogg",
}


def media_type_of(head: bytes) -> str:
    """The media type of a file.

    Args:
        head: Its first ``HEAD_BYTES``, or all of it when it is smaller.

    Returns:
        ``application/octet-stream`` for what is not known.
    """
    if head.startswith(_ZIP):
        return _document(head)
    if head.startswith(b"OggS"):
        return "audio/ogg" if any(sign in head[:64] for sign in _OGG_AUDIO) else "video/ogg"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if _is_text(head):
        return HTML if _MARKUP.match(head) else TEXT
    return _by_magic(head)


def _is_text(head: bytes) -> bool:
    if _CONTROLS.search(head):
        return False
    try:
        # The last character may be cut in two.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def _document(head: bytes) -> str:
    if found := _ODF.match(head):
        return found[1].decode()
    entries = [found[1] for found in _ENTRY.finditer(head)]
    if any(entry.startswith((b"[Content_Types].xml", b"_rels/")) for entry in entries):
        for folder, media_type in _OFFICE_FOLDERS.items():
            if any(entry.startswith(folder) for entry in entries):
                return media_type
    return ARCHIVE


def _by_magic(head: bytes) -> str:
    try:
        guesses = puremagic.magic_string(head)
    except (PureError, ValueError):
        return UNKNOWN
    best = max(guess.confidence for guess in guesses)
    for guess in guesses:
        told: str = guess.mime_type or guess.extension
        if guess.confidence == best and told:
            told = _SPELLINGS.get(told, told)
            if "/" in told:
                return told
    return UNKNOWN
