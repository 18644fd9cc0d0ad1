"""Text that clients send and readers see: without control characters and changes of direction.

Unlike ``str.isprintable`` this accepts the joiners that emoji and some scripts need. Every rule is
a pattern that the OpenAPI document contains, so clients know it before they send.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

# C0, DEL and C1; line and paragraph separators; embeddings, overrides and isolates of direction.
_FORBIDDEN: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_SPACES: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_EDGE: Final = f"[^{_FORBIDDEN}{_SPACES}]"
LINE: Final = f"^{_EDGE}(?:[^{_FORBIDDEN}]*{_EDGE})?$"
LINE_OR_EMPTY: Final = f"^(?:{_EDGE}(?:[^{_FORBIDDEN}]*{_EDGE})?)?$"
_CONTROLS: Final = r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]"
_LINE_RULE: Final = "should have no control characters, and no space at either end"


@dataclass(frozen=True, slots=True)
class Matching:
    """Requires a whole text to match a pattern; the error describes the rule in words.

    Args:
        pattern: From ``^`` to ``$``, in the common subset of Python's and JSON Schema's regular
            expressions.
        reason: What is allowed.
    """

    pattern: str
    reason: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the text's own schema with the check after it."""
        whole = re.compile(self.pattern)

        def check(value: str) -> str:
            # In Python ``$`` also matches before a final end of line.
            if not whole.fullmatch(value):
                raise ValueError(self.reason)
            return value

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


SINGLE_LINE: Final = Matching(LINE, _LINE_RULE)
OPTIONAL_LINE: Final = Matching(LINE_OR_EMPTY, _LINE_RULE)
MULTI_LINE: Final = NotContaining(
    _CONTROLS, "should have no control characters but tabs and ends of lines"
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
