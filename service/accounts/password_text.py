"""The text of a password: one form for all ways of typing it.

Systems and keyboards send the same password composed or decomposed, and some put other spaces than
U+0020. One form is hashed: odd spaces become plain ones, then the text is normalised to NFC.
Nothing else changes: case, full-width characters, joiners and spaces at the ends count.

Source: RFC 8265, 4.2 (OpaqueString).
"""

import re
import unicodedata
from typing import Final

MIN_CODE_POINTS: Final = 10
"""Of a new password, once it is prepared."""
MAX_CODE_POINTS: Final = 512
"""Of a password as it is sent: 128 characters that are decomposed into four each."""
CONTROLS: Final = r"[\x00-\x1f\x7f-\x9f]"
"""Pattern of what a new password does not have; RFC 8264 excludes it (FreeformClass)."""

_ODD_SPACES: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CONTROL: Final = re.compile(CONTROLS)


def prepared(password: str) -> str:
    """Return the form of a password that is hashed."""
    return unicodedata.normalize("NFC", _ODD_SPACES.sub(" ", password))


def has_control_character(password: str) -> bool:
    """Return whether a password has a control character, such as NUL or an end of line."""
    return _CONTROL.search(password) is not None


def hashed_forms(password: str) -> tuple[str, ...]:
    """Return the forms that the hash of a password may be of, the prepared one first.

    The others are how passwords were hashed before they were prepared: as they were sent, which may
    have been the other way round than today.
    """
    forms = (
        prepared(password),
        password,
        unicodedata.normalize("NFC", password),
        unicodedata.normalize("NFD", password),
    )
    return tuple(dict.fromkeys(forms))
