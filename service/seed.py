"""``python -m service.seed``: demo posts for an empty blog.

The posts and their dates are in a data file, so two machines show the same blog. A collection that holds anything is left alone.
"""

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pymongo.errors import PyMongoError

from service.config import ServiceConfig
from service.store import BlogPost, Store, connect
from telemetry import SettingError

DATA: Final = Path(__file__).with_name("seed_posts.json")


def demo_posts() -> list[BlogPost]:
    """The posts of the data file."""
    found = json.loads(DATA.read_text(encoding="utf-8"))
    return [
        BlogPost(**post | {"tags": tuple(post["tags"]), "published_at": datetime.fromisoformat(post["published_at"])}) for post in found
    ]


def seed(store: Store) -> str:
    """Fill an empty blog, and create its indexes.

    Returns:
        One line that says what was done.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be reached, or refuses.
    """
    store.set_up()
    if not store.posts.is_empty():
        return "demo posts: none loaded, there are posts already"
    return f"demo posts: {store.posts.add(demo_posts())} loaded"


def main(environ: Mapping[str, str]) -> int:
    """Seed the database that the environment names.

    Returns:
        The exit code; 1, with one line on standard error, when it could not be done.
    """
    try:
        store = connect(ServiceConfig.from_env(environ))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        print(seed(store))
    except PyMongoError as error:
        print(f"demo posts: MongoDB cannot be used: {str(error).partition(' (configured')[0]}", file=sys.stderr)
        return 1
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
