"""Detection of a file's media type from its content, never from its name.

The beginning decides which formats are possible, so anything else is refused before it is stored.
The rest decides when it is there: documents have their directory at the end, MPEG-4 its tracks
anywhere, and a text is one up to its last byte. A file that is also a ZIP archive has no accepted
type.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from service.files.formats import archives, audio, boxes, pictures
from service.files.formats.content import Content
from service.files.formats.text import Text

HEAD_BYTES: Final = 8192
"""Length of the beginning of a file by which possible formats are chosen."""

UNKNOWN: Final = "application/octet-stream"
TEXT: Final = "text/plain"
REFUSED: Final = "The type of the content is not accepted."
ENCODING: Final = "A text should be in UTF-8, or in UTF-16 with a mark of its byte order."

_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
)
"""Beginnings of programs, which also run with a PDF behind them."""

Decide = Callable[[Content], str]

_SIGNATURES: Final[tuple[tuple[int, bytes, Decide], ...]] = (
    (0, archives.SIGNATURE, archives.document_type),
    (0, b"\x89PNG\r\n\x1a\n", pictures.png_type),
    (0, b"\xff\xd8\xff", pictures.jpeg_type),
    (0, b"GIF87a", pictures.gif_type),
    (0, b"GIF89a", pictures.gif_type),
    (8, b"WEBP", pictures.webp_type),
    (8, b"WAVE", audio.wave_type),
    (4, b"ftyp", boxes.box_type),
    (0, b"OggS", audio.ogg_type),
    (0, b"fLaC", audio.flac_type),
    (0, b"ID3", audio.mpeg_type),
)
_TYPES: Final[Mapping[Decide, frozenset[str]]] = {
    archives.document_type: frozenset(archives.DOCUMENT_TYPES),
    pictures.png_type: frozenset({"image/png"}),
    pictures.jpeg_type: frozenset({"image/jpeg"}),
    pictures.gif_type: frozenset({"image/gif"}),
    pictures.webp_type: frozenset({"image/webp"}),
    pictures.pdf_type: frozenset({"application/pdf"}),
    audio.wave_type: frozenset({"audio/wav"}),
    audio.ogg_type: frozenset({"audio/ogg"}),
    audio.flac_type: frozenset({"audio/flac"}),
    audio.mpeg_type: frozenset({"audio/mpeg", "audio/flac"}),
    boxes.box_type: frozenset({"audio/mp4", "image/heif"}),
}
_RIFF: Final = (b"RIFF", b"RF64", b"BW64")
_BEFORE_PDF: Final = b"\xef\xbb\xbf \t\r\n\x0c\0"


class TypeDetection:
    """Detects the type of one file while it arrives.

    Args:
        head: The first ``HEAD_BYTES`` of the file, or all of it when it is smaller.
    """

    def __init__(self, head: bytes) -> None:
        decide, text = _by_signature(head), Text(head)
        # No file of a binary format is text at its beginning; a text may begin with "ID3".
        is_text = text.is_text and not text.is_markup and decide is not pictures.gif_type
        self._text = text if is_text else None
        self._decide = None if is_text else decide
        self._is_of_unknown_charset = not (decide or is_text or text.is_markup or text.has_controls)
        if self._decide is None and not text.is_markup:
            self._find_pdf(head)

    def may_be(self, media_types: Iterable[str]) -> bool:
        """Return whether the file may be of one of the types, as far as its beginning shows."""
        possible = _TYPES[self._decide] if self._decide else frozenset()
        return not (possible | ({TEXT} if self._text else set())).isdisjoint(media_types)

    @property
    def reason(self) -> str:
        """Why the file is of no accepted type, for its client."""
        return ENCODING if self._is_of_unknown_charset else REFUSED

    @property
    def charset(self) -> str:
        """The charset of a text."""
        return self._text.charset if self._text else ""

    def feed(self, data: bytes) -> None:
        """Read the next bytes, from the first one on."""
        if self._text:
            self._text.feed(data)

    def finish(self, content: Content) -> str:
        """Return the media type of the complete file; ``UNKNOWN`` for others."""
        decided = self._decide(content) if self._decide else ""
        if decided and self._decide is not archives.document_type:
            decided = "" if archives.ends_as_archive(content) else decided
        if decided:
            self._text = None
        if self._text:
            self._text.finish()
            decided = TEXT if self._text.is_text else ""
            self._is_of_unknown_charset = not decided and not self._text.has_controls
        return decided or UNKNOWN

    def _find_pdf(self, head: bytes) -> None:
        marker = head.find(
            pictures.PDF_MARKER, 0, pictures.PDF_WITHIN_BYTES + len(pictures.PDF_MARKER)
        )
        if marker >= 0 and not head.startswith(_PROGRAMS):
            self._decide = pictures.pdf_type
            if not head[:marker].strip(_BEFORE_PDF):
                self._text = None  # a text may contain the marker, but not begin with it


def _by_signature(head: bytes) -> Decide | None:
    for at, signature, decide in _SIGNATURES:
        if head[at : at + len(signature)] == signature and (at != 8 or head.startswith(_RIFF)):
            return decide
    # 0xFF 0xFE is also UTF-16's mark of order; layer I with a checksum does not exist in files.
    is_sync = head[:1] == b"\xff" and len(head) > 1 and head[1] >= 0xE0
    return audio.mpeg_type if is_sync and head[1] != 0xFE else None
