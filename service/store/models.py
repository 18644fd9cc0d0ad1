"""What is stored, as the rest of the service sees it: frozen, typed, and without MongoDB's own types."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, Self

PostStatus = Literal["draft", "published"]


@dataclass(frozen=True, slots=True)
class BlogPost:
    """One article of the blog.

    Args:
        slug: Its name in URLs, and its ``_id``: unique without a second index.
        body: Markdown; empty where only an overview was asked for.
        published_at: In UTC, to the millisecond; also set for a draft, as planned.
    """

    slug: str
    title: str
    summary: str
    category: str
    tags: tuple[str, ...]
    author: str
    status: PostStatus
    published_at: datetime
    body: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The post that a document holds."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        return cls(slug=document["_id"], **fields | {"tags": tuple(document["tags"])})

    def to_document(self) -> dict[str, Any]:
        """The document that holds the post."""
        fields = asdict(self)
        return {"_id": fields.pop("slug"), **fields, "tags": list(self.tags)}
