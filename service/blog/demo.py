"""Demo posts for an empty blog, from a data file, so that they are the same on every machine."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from service.blog.model import BlogPost
from service.blog.repository import PostRepository

DATA: Final = Path(__file__).with_name("demo_posts.json")


def demo_posts() -> list[BlogPost]:
    """Return the posts of the data file."""
    documents = json.loads(DATA.read_text(encoding="utf-8"))
    return [
        BlogPost(
            **post
            | {
                "tags": tuple(post["tags"]),
                "published_at": datetime.fromisoformat(post["published_at"]),
            }
        )
        for post in documents
    ]


def load(posts: PostRepository) -> str:
    """Load the demo posts unless the blog has posts already.

    Returns:
        One line for the operator.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or rejects the command.
    """
    if not posts.is_empty():
        return "demo posts: none loaded, there are posts already"
    return f"demo posts: {posts.add(demo_posts())} loaded"
