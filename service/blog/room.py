"""Composition of the blog."""

from dataclasses import dataclass

from service.accounts.repository import AccountRepository
from service.blog import demo, editor_routes, routes
from service.blog.editor import PostEditor
from service.blog.markdown import Markdown
from service.blog.repository import PostRepository
from service.foundation import Foundation, Room
from service.mongo.leases import KEPT_SECONDS, Leases


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogRoom(Room):
    """Posts, for readers and for authors."""

    posts: PostRepository
    leases: Leases


def build(foundation: Foundation, accounts: AccountRepository) -> BlogRoom:
    """Build the blog.

    Args:
        foundation: Of this process.
        accounts: Holds the names of authors.
    """
    database, metrics = foundation.database, foundation.route_metrics
    collection = database["posts"]
    posts = PostRepository(collection, foundation.public_reads.of(collection))
    leases = Leases(database["post_leases"])
    foundation.shard_keys.unsharded("thousands at most, read by many filters", "posts")
    foundation.shard_keys.hashed("claimed by name and number", "post_leases")
    foundation.retention.keep("content, until its author deletes it", "posts")
    foundation.retention.expire(database["post_leases"], "until", KEPT_SECONDS)
    for repository in (posts, leases):
        repository.add_indexes(foundation.indexes)
    foundation.mongo.on_connect(posts.add_search_keys)
    markdown = Markdown()
    editor = PostEditor(
        posts,
        leases,
        markdown,
        now=foundation.now,
        sleep=foundation.sleep,
        on_public_change=lambda slug: foundation.cdn.purge(*routes.cdn_tags(slug)),
    )
    return BlogRoom(
        posts=posts,
        leases=leases,
        blueprints=(
            routes.blueprint(posts, markdown, metrics),
            editor_routes.blueprint(accounts, editor, markdown, metrics),
        ),
        load_demo_data=lambda: demo.load(posts),
    )
