"""Text that clients send and readers see: no control characters, nothing that turns the direction
of what comes after it.

Unlike ``str.isprintable`` this lets the joiners through that emoji and some scripts are written
with. What is refused is refused by a pattern that stands in the OpenAPI document, so clients know
the rule before they send.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

# C0, DEL and C1; line and paragraph separators; embeddings, overrides and isolates of direction.
_UNFIT: Final = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_SPACES: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_END: Final = f"[^{_UNFIT}{_SPACES}]"
LINE: Final = f"^{_END}(?:[^{_UNFIT}]*{_END})?$"
LINE_OR_NOTHING: Final = f"^(?:{_END}(?:[^{_UNFIT}]*{_END})?)?$"
_CONTROLS: Final = r"[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]"
_NO_LINE: Final = "should have no control characters, and no space at either end"


@dataclass(frozen=True, slots=True)
class Spelled:
    """Of a text: how it is spelled. The document has the pattern, and whoever gets it wrong is told
    in words.

    Args:
        pattern: From ``^`` to ``$``, in what regular expressions of Python and of JSON Schema have
            in common.
        reason: What is allowed.
    """

    pattern: str
    reason: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The text's own schema, and the pattern after it."""
        whole = re.compile(self.pattern)

        def check(value: str) -> str:
            # A ``$`` of Python's would let an end of line through.
            if not whole.fullmatch(value):
                raise ValueError(self.reason)
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What is told without it, and the pattern."""
        return {**handler(schema), "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Without:
    """Of a text: what is nowhere in it. For long texts, which no generator can make from a pattern
    of the whole.

    Args:
        pattern: Of what does not belong there.
        reason: What is allowed.
    """

    pattern: str
    reason: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The text's own schema, and the search after it."""
        unfit = re.compile(self.pattern)

        def check(value: str) -> str:
            if unfit.search(value):
                raise ValueError(self.reason)
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """What is told without it, and what may not match."""
        return {**handler(schema), "not": {"pattern": self.pattern}}


A_LINE: Final = Spelled(LINE, _NO_LINE)
A_LINE_OR_NOTHING: Final = Spelled(LINE_OR_NOTHING, _NO_LINE)
SOME_LINES: Final = Without(
    _CONTROLS, "should have no control characters but tabs and ends of lines"
)


def at_most_bytes(limit_bytes: int) -> AfterValidator:
    """What refuses a text that is longer in UTF-8."""

    def check(value: str) -> str:
        if len(value.encode()) > limit_bytes:
            raise ValueError(f"should have at most {limit_bytes} bytes")
        return value

    return AfterValidator(check)


Word = Annotated[str, Field(min_length=1, max_length=64), A_LINE]
"""A tag or a category."""
