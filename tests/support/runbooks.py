"""Code blocks of runbooks."""

import re

BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
"""A block of code: its language and its text."""


def blocks(text: str, language: str) -> list[str]:
    """Return the text of a page's blocks of code in a language."""
    return [body.strip() for kind, body in BLOCK.findall(text) if kind == language]
