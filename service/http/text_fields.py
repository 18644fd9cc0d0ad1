"""Text that clients send and readers see, in any script.

A line has no control characters, none that turn the direction of text, a visible character, and no
space at either end. It is stored composed (NFC) and with plain spaces; a text of several lines is
stored as it was sent. Every rule is a pattern that the OpenAPI document contains, so clients know
it before they send; lengths are counted in code points as sent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from service.http.characters import (
    CONTROLS,
    DIRECTION_FORMATS,
    DIRECTION_OVERRIDES,
    INVISIBLE,
    LINE_CONTROLS,
    NONCHARACTERS,
    RESERVED,
    SPACES,
    plain_line,
)

_FORBIDDEN: Final = CONTROLS + LINE_CONTROLS + DIRECTION_FORMATS + RESERVED
_VISIBLE: Final = (
    f"[{INVISIBLE}]*[^{_FORBIDDEN}{SPACES}{INVISIBLE}](?:[^{_FORBIDDEN}]*[^{_FORBIDDEN}{SPACES}])?"
)
LINE: Final = f"^{_VISIBLE}$"
LINE_OR_EMPTY: Final = f"^(?:{_VISIBLE})?$"
NOT_IN_TEXT: Final = rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{DIRECTION_OVERRIDES}{NONCHARACTERS}]"
# The first that matches is the reason why a line is refused.
_LINE_REASONS: Final = (
    (re.compile(f"[{CONTROLS}{LINE_CONTROLS}]"), "should have no control characters"),
    (
        re.compile(f"[{DIRECTION_FORMATS}]"),
        "should have no characters that turn the direction of text",
    ),
    (re.compile(f"[{RESERVED}]"), "should have no characters that Unicode reserves or deprecates"),
    (re.compile(f"^[{INVISIBLE}{SPACES}]+$"), "should have a visible character"),
)
_SPACE_AT_THE_END: Final = "should have no space at either end"


@dataclass(frozen=True, slots=True)
class Matching:
    """Requires a whole text to match a pattern; the error describes the rule in words.

    Args:
        pattern: From ``^`` to ``$``, in the common subset of Python's and JSON Schema's regular
            expressions.
        reason: What is allowed; or returns it for a text that is refused.
        stored_form: Returns the form in which a text is stored; as it was sent by default.
    """

    pattern: str
    reason: str | Callable[[str], str]
    stored_form: Callable[[str], str] = str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the text's own schema with the check after it."""
        whole = re.compile(self.pattern)

        def check(value: str) -> str:
            # In Python ``$`` also matches before a final end of line.
            if not whole.fullmatch(value):
                raise ValueError(self.reason(value) if callable(self.reason) else self.reason)
            return self.stored_form(value)

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the text's own JSON Schema with the pattern."""
        return {**handler(schema), "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class NotContaining:
    """Forbids a pattern anywhere in a text.

    For long texts: test generators cannot produce one from a pattern of the whole.

    Args:
        pattern: Matches what is forbidden.
        reason: What is allowed.
    """

    pattern: str
    reason: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the text's own schema with the check after it."""
        forbidden = re.compile(self.pattern)

        def check(value: str) -> str:
            if forbidden.search(value):
                raise ValueError(self.reason)
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the text's own JSON Schema with the forbidden pattern."""
        return {**handler(schema), "not": {"pattern": self.pattern}}


def _reason(value: str) -> str:
    for forbidden, reason in _LINE_REASONS:
        if forbidden.search(value):
            return reason
    return _SPACE_AT_THE_END


SINGLE_LINE: Final = Matching(LINE, _reason, plain_line)
OPTIONAL_LINE: Final = Matching(LINE_OR_EMPTY, _reason, plain_line)
MULTI_LINE: Final = NotContaining(
    NOT_IN_TEXT,
    "should have no control characters but tabs and ends of lines, none that override the direction"
    " of text, and none that Unicode reserves",
)


def at_most_bytes(limit_bytes: int) -> AfterValidator:
    """Return a validator that refuses a text with more bytes in UTF-8."""

    def check(value: str) -> str:
        if len(value.encode()) > limit_bytes:
            raise ValueError(f"should have at most {limit_bytes} bytes")
        return value

    return AfterValidator(check)


Word = Annotated[str, Field(min_length=1, max_length=64), SINGLE_LINE]
"""A tag or a category."""
Name = Annotated[str, Field(min_length=1, max_length=100), SINGLE_LINE]
"""A person's name, or another short line."""
