"""The canonical form of an e-mail: one account for all spellings of one mailbox.

Case does not count in either part, the domain is in Unicode (``bücher.example``, not
``xn--bcher-kva.example``), and the whole is NFC. Dots and tags (``ada+news@…``) count: what they
mean is up to the mailbox's server.

Source: RFC 6531, RFC 5891 (IDNA 2008); RFC 5321, 2.4 leaves case to the server, and those that
distinguish it are not found in practice.
"""

import unicodedata
from typing import Final

from pydantic import validate_email

MAX_CHARACTERS: Final = 254


def canonical(email: str) -> str:
    """Return the form that accounts are found by, of an e-mail that pydantic has validated."""
    # Lower case may be decomposed: that of U+0130 has two code points.
    return unicodedata.normalize("NFC", email.lower())


def canonical_email(text: str) -> str:
    """Return the form that accounts are found by.

    Raises:
        ValueError: The text is no e-mail.
    """
    return canonical(validate_email(text)[1])
