"""Characters of the world's scripts: which a text may have, and in which form texts are compared.

Ranges are written for character classes that Python, ECMAScript and RE2 read alike: escapes up to
U+00FF, the characters themselves above. Code points that Unicode has not assigned yet are taken,
because the next version may assign them to a script or an emoji.

Source: Unicode 16.0, DerivedCoreProperties (Default_Ignorable_Code_Point), UAX #9 (direction), UAX
#15 (normalization) and UAX #29 (grapheme clusters).
"""

import unicodedata
from typing import Final

CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
LINE_CONTROLS: Final = "\u2028\u2029"
DIRECTION_OVERRIDES: Final = "\u202d\u202e"
DIRECTION_FORMATS: Final = "\u202a-\u202e\u2066-\u2069"
"""Embeddings, overrides and isolates: unbalanced ones turn the text around them. Marks (U+061C,
U+200E, U+200F) are not among them, which texts in Arabic and Hebrew need."""

NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}-{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
RESERVED: Final = "\u206a-\u206f\ufff9-\ufffb" + NONCHARACTERS
"""Also deprecated formats, and annotations that have no meaning outside of their program."""

SPACES: Final = r"\x20\xa0" + "\u1680\u2000-\u200a\u202f\u205f\u3000"
INVISIBLE: Final = (
    r"\xad" + "\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Joiners, direction marks, selectors, tags and fillers: needed beside others, nothing alone."""

_PLAIN_SPACE: Final = dict.fromkeys(
    map(ord, "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"), " "
) | dict.fromkeys(map(ord, "\u202f\u205f\u3000"), " ")
# Turkish: one search finds the letter i with and without its dot, which casefold keeps apart.
_DOTLESS: Final = str.maketrans({"\u0131": "i", "\u0130": "i"})
_JOINERS: Final = "\u200c\u200d"


def plain_line(text: str) -> str:
    """Return a text in the form in which it is stored: composed (NFC), with plain spaces."""
    return unicodedata.normalize("NFC", text).translate(_PLAIN_SPACE)


def search_key(text: str) -> str:
    """Return the form in which texts are compared by a search.

    Case, width, compatibility forms, invisible characters and the number of spaces do not count:
    ``Straße`` is found by ``STRASSE``, ``İstanbul`` by ``istanbul``. Accents count.
    """
    folded = unicodedata.normalize("NFKC", text).translate(_DOTLESS).casefold()
    again = unicodedata.normalize("NFKC", folded).casefold()
    kept = "".join(letter for letter in again if not is_invisible(letter))
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def is_invisible(character: str) -> bool:
    """Return whether a character is a format, a selector or a filler."""
    code = ord(character)
    return (
        unicodedata.category(character) == "Cf"
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE0FFF
        or character in "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    )


def cut(text: str, most: int) -> str:
    """Return the beginning of a text, without half of a character as readers see it.

    Marks stay with their letter, joined emoji and flags stay whole.

    Args:
        text: Any text.
        most: Code points.
    """
    if len(text) <= most:
        return text
    end = most
    while end > 0 and _continues(text, end):
        end -= 1
    return text[: end or most]


def cut_to_bytes(text: str, most_bytes: int) -> str:
    """Return the beginning of a text with at most so many bytes in UTF-8; see ``cut``."""
    whole = text.encode()[:most_bytes].decode("utf-8", "ignore")
    return cut(text, len(whole))


def _continues(text: str, at: int) -> bool:
    character, before = text[at], text[at - 1]
    if unicodedata.category(character)[0] == "M" or character in _JOINERS or before == "\u200d":
        return True
    if 0x1F3FB <= ord(character) <= 0x1F3FF or 0xE0020 <= ord(character) <= 0xE007F:
        return True
    return _is_regional(character) and _regionals_before(text, at) % 2 == 1


def _is_regional(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _regionals_before(text: str, at: int) -> int:
    begin = at
    while begin > 0 and _is_regional(text[begin - 1]):
        begin -= 1
    return at - begin
