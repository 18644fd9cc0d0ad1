"""Pictures and PDF, by the structure that follows their signature.

Source: PNG (third edition), 5.2; GIF89a; JPEG (ITU-T T.81), B.1.1; WebP container; ISO 32000-2,
7.5 and its annex about readers.
"""

import re
from typing import Final

from service.files.formats.content import Content, tail

PDF_MARKER: Final = b"%PDF-"
PDF_WITHIN_BYTES: Final = 1024
"""Readers find the marker in that many bytes: programs put a mark of order or lines before it."""

_PDF_TAIL_BYTES: Final = 64 * 1024
_PDF_OBJECT: Final = re.compile(rb"[0-9]{1,10}\s{1,20}[0-9]{1,5}\s{1,20}obj\b")
_PDF_HEAD_BYTES: Final = 64 * 1024
_JPEG_MARKERS: Final = frozenset((*range(0xC0, 0xD0), *range(0xDA, 0xFF)))


def png_type(content: Content) -> str:
    """Return the media type of a file with PNG's signature."""
    return "image/png" if content.read_at(8, 8) == b"\0\0\0\x0dIHDR" else ""


def gif_type(content: Content) -> str:
    """Return the media type of a file with GIF's signature: a block follows its colours."""
    flags = content.read_at(10, 1)
    if not flags:
        return ""
    colours = 3 << (flags[0] & 7) + 1 if flags[0] & 0x80 else 0
    return "image/gif" if content.read_at(13 + colours, 1) in (b"!", b",") else ""


def jpeg_type(content: Content) -> str:
    """Return the media type of a file with JPEG's signature: a marker follows the first segment."""
    marker, length = content.read_at(3, 1), int.from_bytes(content.read_at(4, 2))
    if not marker or marker[0] not in _JPEG_MARKERS or length < 2:
        return ""
    return "image/jpeg" if content.read_at(4 + length, 1) == b"\xff" else ""


def webp_type(content: Content) -> str:
    """Return the media type of a RIFF file of WebP."""
    return "image/webp" if content.read_at(12, 4) in (b"VP8 ", b"VP8L", b"VP8X") else ""


def pdf_type(content: Content) -> str:
    """Return the media type of a file with PDF's marker: it has objects, and an end."""
    head = content.read_at(0, _PDF_HEAD_BYTES)
    begin = head.find(PDF_MARKER, 0, PDF_WITHIN_BYTES + len(PDF_MARKER))
    last = tail(content, _PDF_TAIL_BYTES)
    has_end = b"startxref" in last or b"%%EOF" in last
    is_pdf = begin >= 0 and has_end and _PDF_OBJECT.search(head, begin)
    return "application/pdf" if is_pdf else ""
