"""What is stored, as the rest of the service sees it: frozen, typed, and without MongoDB's own
types.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, Self

PostStatus = Literal["draft", "published"]

FIRST_REVISION: Final = "0"
"""Of posts that nobody has changed since they were loaded, or since before posts had revisions."""


@dataclass(frozen=True, slots=True)
class BlogPost:
    """One article of the blog.

    Args:
        slug: Its name in URLs, and its ``_id``: unique without a second index.
        author: The name that readers see.
        body: Markdown; empty where only an overview was asked for.
        published_at: In UTC, to the millisecond, as all instants here; of a draft what its place
            among drafts goes by.
        html: Of the body; empty in documents that were written before it was stored.
        author_id: Account of the author; empty for the demo posts, which belong to nobody.
        published_by: Account of who published it; empty for a draft and for demo posts.
        created_at: ``None`` for demo posts, as ``updated_at`` is.
        revision: Another one with every change.
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
    html: str = ""
    author_id: str = ""
    published_by: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    revision: str = FIRST_REVISION

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The post that a document holds; members of a later version of the service are left out."""
        known = {
            field.name: document[field.name] for field in fields(cls) if field.name in document
        }
        return cls(**known | {"slug": document["_id"], "tags": tuple(document["tags"])})

    def to_document(self) -> dict[str, Any]:
        """The document that holds the post."""
        members = asdict(self)
        return {"_id": members.pop("slug"), **members, "tags": list(self.tags)}
