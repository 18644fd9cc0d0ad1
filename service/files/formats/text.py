"""Text: UTF-8, or UTF-16 with a mark of order, valid up to its last byte.

Other encodings cannot be known from the bytes, so they are refused: a text in Latin-1 would be
served in a wrong charset. What a browser runs as HTML or SVG is no text here.

Source: WHATWG MIME Sniffing, 7.1 for what a browser detects as HTML; WHATWG Encoding, 6.
"""

import codecs
import re
from typing import Final

UTF_8: Final = "utf-8"
UTF_16: Final = "utf-16"
_MARKS: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CONTROLS: Final = re.compile("[\\x00-\\x08\\x0e-\\x1a\\x1c-\\x1f\\x7f]")
_CONTROL_BYTES: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_TAGS: Final = (
    "!doctype|!--|\\?xml|html|head|body|script|iframe|svg|math|object|embed|meta|link|style|title"
    "|base|form|table|div|span|font|img|input|video|audio|a|b|p|br|h[1-6]"
)
_MARKUP: Final = re.compile(rf"\ufeff?\s*<(?:[a-z][\w.-]*:)?(?:{_TAGS})(?:[\s>/\[-]|$)", re.I)


class Text:
    """Verifies a text while it arrives.

    Args:
        head: Its beginning, or all of it.
    """

    def __init__(self, head: bytes) -> None:
        wide = _MARKS.get(head[:2])
        self.charset = UTF_16 if wide else UTF_8
        # The mark of order is decoded as a character, which no pattern here matches.
        self._decoder = codecs.getincrementaldecoder(wide or UTF_8)()
        self.is_text = True
        self.has_controls = not wide and _CONTROL_BYTES.search(head) is not None
        self._decoded(head, is_last=False)
        beginning = head.decode(wide or UTF_8, "replace")
        self.is_markup = _MARKUP.match(beginning) is not None
        self._decoder.reset()

    def feed(self, data: bytes) -> None:
        """Verify the next bytes, the head included."""
        if self.is_text:
            self._decoded(data, is_last=False)

    def finish(self) -> None:
        """Verify that no character is incomplete."""
        if self.is_text:
            self._decoded(b"", is_last=True)

    def _decoded(self, data: bytes, *, is_last: bool) -> str:
        try:
            found = self._decoder.decode(data, final=is_last)
        except UnicodeDecodeError:
            self.is_text = False
            return ""
        self.has_controls = self.has_controls or _CONTROLS.search(found) is not None
        self.is_text = not self.has_controls
        return found
