"""Demo posts for an empty blog, from a data file, so that two machines show the same."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from service.blog.model import BlogPost
from service.blog.repository import Posts

DATA: Final = Path(__file__).with_name("demo_posts.json")


def demo_posts() -> list[BlogPost]:
    """Return the posts of the data file."""
    found = json.loads(DATA.read_text(encoding="utf-8"))
    return [
        BlogPost(
            **post
            | {
                "tags": tuple(post["tags"]),
                "published_at": datetime.fromisoformat(post["published_at"]),
            }
        )
        for post in found
    ]


def load(posts: Posts) -> str:
    """Fill an empty blog; one that holds a post is left alone.

    Returns:
        One line on what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    if not posts.is_empty():
        return "demo posts: none loaded, there are posts already"
    return f"demo posts: {posts.add(demo_posts())} loaded"
