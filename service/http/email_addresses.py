"""E-mail addresses, with internationalized domains and local parts.

One address has one spelling here: lower case, composed (NFC), its domain in Unicode. So
``ada@BÜCHER.de`` and ``ada@xn--bcher-kva.de`` are one account. Local parts outside of ASCII are
taken (SMTPUTF8).

Source: RFC 5321, RFC 6531 (SMTPUTF8), RFC 5891 and 5892 (IDNA 2008; appendix A for joiners).
"""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any, Final

import idna
from email_validator import EmailNotValidError, validate_email
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

LONGEST_EMAIL: Final = 254
REASON: Final = "should be an e-mail address, such as ada@example.com"
_NO_JOINERS: Final = dict.fromkeys((0x200C, 0x200D))


def normalized_email(text: str) -> str:
    """Return the one spelling of an e-mail address.

    Raises:
        ValueError: It is not an address that can receive mail; the text repeats none of it.
    """
    address = text.strip()
    local, _, domain = address.rpartition("@")
    joined = _domain_with_joiners(domain)
    try:
        # email-validator refuses the joiners that Persian and Sinhala domains need.
        found = validate_email(
            f"{local}@{joined.translate(_NO_JOINERS)}" if joined else address,
            check_deliverability=False,
        )
    except EmailNotValidError:
        raise ValueError(REASON) from None
    lower = unicodedata.normalize("NFC", found.local_part.lower())
    return f"{lower}@{joined or found.domain}"


def _domain_with_joiners(domain: str) -> str:
    """Return a domain in Unicode when it has joiners in places where IDNA allows them, else ''."""
    try:
        readable = idna.decode(idna.encode(domain, uts46=True))
    except UnicodeError:
        return ""
    return "" if readable == readable.translate(_NO_JOINERS) else readable


@dataclass(frozen=True, slots=True)
class _EmailAddress:
    """Requires a text to be an e-mail address, and returns its one spelling."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the text's own schema with the check after it."""
        return core_schema.no_info_after_validator_function(normalized_email, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the text's own JSON Schema with the format, of any script."""
        return {**handler(schema), "format": "idn-email"}


EmailAddress = Annotated[str, Field(max_length=LONGEST_EMAIL), _EmailAddress()]
