"""Writing for the blog: who may change which post, what happens when two change it at once, its
slug, and its HTML.

Nothing here knows HTTP; documents are the store's.
"""

from service.writing.desk import BeingChanged, Desk, NoSuchPost, NotTheirs, Superseded, Writer
from service.writing.markdown import LONGEST_BODY_BYTES, Markdown

__all__ = [
    "LONGEST_BODY_BYTES",
    "BeingChanged",
    "Desk",
    "Markdown",
    "NoSuchPost",
    "NotTheirs",
    "Superseded",
    "Writer",
]
