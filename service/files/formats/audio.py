"""Audio of MPEG, Ogg, FLAC and WAVE.

Source: ISO/IEC 11172-3 and 13818-3 (frames), the MPEG 2.5 extension; ID3v2.2, 2.3 and 2.4; RFC 3533
(Ogg), 7845 (Opus), 9639 (FLAC).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from service.files.formats.content import Content

_KBITS: Final = {
    ("1", 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    ("1", 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    ("1", 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    ("2", 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    ("2", 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_HERTZ: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MOST_TAGS: Final = 8
_AFTER_TAG_BYTES: Final = 8192
"""Searched for the first frame: some programs leave more than zeros after a tag."""

_ENDS: Final = (b"", b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
_OGG_AUDIO: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
_OGG_OTHER: Final = (b"fishead\0", b"CMML", b"\x80kate")


class _Frame(NamedTuple):
    size: int
    kind: tuple[int, int, int]


def mpeg_type(content: Content) -> str:
    """Return the media type of MPEG frames, after any number of ID3 tags."""
    at = _after_tags(content)
    if at < 0:
        return ""
    data = content.read_at(at, 2 * _AFTER_TAG_BYTES)
    if at and data.startswith(b"fLaC"):
        return "audio/flac"
    begins = range(min(len(data), _AFTER_TAG_BYTES)) if at else (0,)
    is_audio = any(data[begin] == 0xFF and _has_frames(data, begin) for begin in begins)
    return "audio/mpeg" if is_audio else ""


def flac_type(content: Content) -> str:
    """Return the media type of FLAC, which begins with its stream's information."""
    head = content.read_at(4, 4)
    return "audio/flac" if head[:1] in (b"\0", b"\x80") and head[1:] == b"\0\0\x22" else ""


def wave_type(content: Content) -> str:
    """Return the media type of a WAVE file."""
    return "audio/wav" if re.fullmatch(rb"[ -~]{4}", content.read_at(12, 4)) else ""


def ogg_type(content: Content) -> str:
    """Return the media type of an Ogg file all of whose streams are audio."""
    streams = list(_ogg_streams(content.read_at(0, 8192)))
    audio = [packet for packet in streams if packet.startswith(_OGG_AUDIO)]
    others = [packet for packet in streams if not packet.startswith(_OGG_AUDIO + _OGG_OTHER)]
    return "audio/ogg" if audio and not others else ""


def _ogg_streams(head: bytes) -> Iterator[bytes]:
    # The first pages begin one stream each.
    at = 0
    while head[at : at + 5] == b"OggS\0" and len(head) > at + 27 and head[at + 5] & 2:
        lengths = head[at + 27 : at + 27 + head[at + 26]]
        begin = at + 27 + len(lengths)
        at = begin + sum(lengths)
        yield head[begin:at]


def _after_tags(content: Content) -> int:
    at = 0
    for _ in range(_MOST_TAGS):
        head = content.read_at(at, 10)
        if not head.startswith(b"ID3"):
            return at
        if len(head) < 10 or head[3] not in (2, 3, 4) or max(head[6:10]) > 127:
            return -1
        size = 0
        for seven_bits in head[6:10]:
            size = size << 7 | seven_bits
        at += 10 + size + (10 if head[3] == 4 and head[5] & 0x10 else 0)
    return -1


def _has_frames(data: bytes, at: int) -> bool:
    """Return whether a frame is followed by one of its kind, or is the last of a small file."""
    first = _frame(data[at : at + 4])
    if first is None or at + first.size > len(data):
        return False
    rest = data[at + first.size :]
    second = _frame(rest[:4])
    if second is not None:
        return second.kind == first.kind
    return rest == b"" or rest.startswith(_ENDS[1:])


def _frame(head: bytes) -> _Frame | None:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate, hertz, padding = head[2] >> 4, head[2] >> 2 & 3, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate in (0, 15) or hertz == 3:
        return None
    kbits = _KBITS["1" if version == 3 else "2", layer if version == 3 else min(layer, 2)][rate]
    samples = 12 if layer == 1 else 72 if layer == 3 and version != 3 else 144
    size = samples * kbits * 1000 // _HERTZ[version][hertz] + padding
    return _Frame(size * 4 if layer == 1 else size, (version, layer, hertz))
