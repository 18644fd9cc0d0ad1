"""Files of boxes: MPEG-4 audio and HEIF pictures, by their brands and by what their tracks are.

A brand alone does not separate audio from video: ``isom`` and ``mp42`` are both. So the handlers of
the tracks decide, wherever the ``moov`` box is.

Source: ISO/IEC 14496-12 (boxes, handlers), 23008-12 (HEIF), 14496-14 (MP4).
"""

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

from service.files.formats.content import Content

MOST_BOXES: Final = 2000
"""That are read; the boxes that decide are few, and among the first or the last of their level."""

_DEEPEST: Final = 4

_LONGEST_BRANDS: Final = 4096
_AUDIO_BRANDS: Final = frozenset((b"M4A ", b"M4B ", b"M4P "))
_MP4_BRANDS: Final = re.compile(rb"iso.|mp4[12]|M4[ABP] |dash|cmf.", re.DOTALL)
_HEIF_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
# A box of several levels, and what is before its first child.
_PARENTS: Final = {b"moov": 0, b"trak": 0, b"mdia": 0, b"meta": 4}
_HANDLER_AT: Final = 8


def box_type(content: Content) -> str:
    """Return the media type of a file that begins with ``ftyp``; ``""`` for video and others."""
    brands = _brands(content)
    if not brands or brands[0] in _AVIF_BRANDS:
        return ""
    handlers = set(_handlers(content, 0, content.size_bytes, count(1)))
    if brands[0] in _HEIF_BRANDS and not _AVIF_BRANDS & set(brands):
        return "image/heif" if b"pict" in handlers else ""
    is_mp4 = any(map(_MP4_BRANDS.fullmatch, brands))
    # Audio books show a picture for each chapter, as a track of video.
    has_video = b"vide" in handlers and brands[0] not in _AUDIO_BRANDS
    return "audio/mp4" if is_mp4 and b"soun" in handlers and not has_video else ""


def _brands(content: Content) -> list[bytes]:
    size = int.from_bytes(content.read_at(0, 4))
    if not 16 <= size <= _LONGEST_BRANDS:
        return []
    box = content.read_at(8, size - 8)
    return [box[:4], *(box[at : at + 4] for at in range(8, len(box), 4))]


def _handlers(
    content: Content, begin: int, end: int, counter: Iterator[int], depth: int = 0
) -> Iterator[bytes]:
    for kind, first, last in _boxes(content, begin, end, counter):
        if kind == b"hdlr":
            yield content.read_at(first + _HANDLER_AT, 4)
        elif kind in _PARENTS and depth < _DEEPEST:
            yield from _handlers(content, first + _PARENTS[kind], last, counter, depth + 1)


def _boxes(
    content: Content, begin: int, end: int, counter: Iterator[int]
) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each box, and where its content begins and ends."""
    at = begin
    while next(counter) <= MOST_BOXES:
        head = content.read_at(at, 16) if at + 8 <= end else b""
        if len(head) < 8:
            return
        size, first = int.from_bytes(head[:4]), at + 8
        if size == 1:
            size, first = int.from_bytes(head[8:16]), at + 16
        after = end if size == 0 else at + size
        if after < first or after > end:
            return
        yield head[4:8], first, after
        at = after
