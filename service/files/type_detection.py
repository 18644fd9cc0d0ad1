"""Detection of a file's media type from its content, never from its name.

UTF-8 without control characters is text, unless a browser would run it as HTML or SVG. Documents
that are ZIP archives are distinguished by the first entries of the archive. Everything else is left
to ``puremagic``; its weaker candidates are used only in the absence of stronger ones.

Source: WHATWG MIME Sniffing, section 7.1 for what a browser detects as HTML; ECMA-376 and ODF 1.3,
part 2, section 3.3 for documents.
"""

import codecs
import re
from typing import Final

import puremagic
from puremagic import PureError

HEAD_BYTES: Final = 8192
"""Length of the beginning of a file that detection reads."""

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
HTML: Final = "text/html"
ARCHIVE: Final = "application/zip"

_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP: Final = re.compile(
    rb"(?i)(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|body|script|iframe|svg|math|object"
    rb"|embed|meta|link|style|title|base|form|table|div|span|font|img|input|video|audio"
    rb"|a|b|p|br|h[1-6])(?:[\s>/\[-]|$)"
)
_ZIP: Final = b"PK\x03\x04"
_ODF: Final = re.compile(
    rb"PK\x03\x04.{26}mimetype"
    rb"(application/vnd\.oasis\.opendocument\.(?:text|spreadsheet|presentation))PK",
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
# puremagic's own names, some of which are only a file extension.
_PUREMAGIC_NAMES: Final = {
    "image/heic": "image/heif",
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".oga": "audio/ogg",
    "application/ogg": "audio/ogg",
}


def detect_media_type(head: bytes) -> str:
    """Return the media type of a file.

    Args:
        head: Its first ``HEAD_BYTES``, or all of it when it is smaller.

    Returns:
        ``application/octet-stream`` for unknown content.
    """
    if head.startswith(_ZIP):
        return _zip_type(head)
    if head.startswith(b"OggS"):
        return "audio/ogg" if any(codec in head[:64] for codec in _OGG_AUDIO) else "video/ogg"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if _is_text(head):
        return HTML if _MARKUP.match(head) else TEXT
    return _puremagic_type(head)


def _is_text(head: bytes) -> bool:
    if _CONTROLS.search(head):
        return False
    try:
        # The head may end within a character.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < HEAD_BYTES)
    except UnicodeDecodeError:
        return False
    return True


def _zip_type(head: bytes) -> str:
    if found := _ODF.match(head):
        return found[1].decode()
    entries = [found[1] for found in _ENTRY.finditer(head)]
    if any(entry.startswith((b"[Content_Types].xml", b"_rels/")) for entry in entries):
        for folder, media_type in _OFFICE_FOLDERS.items():
            if any(entry.startswith(folder) for entry in entries):
                return media_type
    return ARCHIVE


def _puremagic_type(head: bytes) -> str:
    try:
        candidates = puremagic.magic_string(head)
    except (PureError, ValueError):
        return UNKNOWN
    best = max(candidate.confidence for candidate in candidates)
    for candidate in candidates:
        name: str = candidate.mime_type or candidate.extension
        media_type = _PUREMAGIC_NAMES.get(name, name)
        if candidate.confidence == best and "/" in media_type:
            return media_type
    return UNKNOWN
