"""The room of the blog, built."""

from dataclasses import dataclass

from service.accounts.repository import AccountRepository
from service.blog import demo, editor_routes, routes
from service.blog.editor import Desk
from service.blog.markdown import Markdown
from service.blog.repository import Posts
from service.foundation import Foundation, Room
from service.mongo.leases import Leases


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogRoom(Room):
    """Posts, for their readers and their authors."""

    posts: Posts
    leases: Leases


def build(foundation: Foundation, accounts: AccountRepository) -> BlogRoom:
    """Build the room.

    Args:
        foundation: Of this process.
        accounts: For the names of authors.
    """
    database, metrics = foundation.database, foundation.route_metrics
    posts, leases = Posts(database["posts"]), Leases(database["post_leases"])
    for repository in (posts, leases):
        foundation.mongo.on_connect(repository.create_indexes)
    markdown = Markdown()
    desk = Desk(posts, leases, markdown, now=foundation.now, sleep=foundation.sleep)
    return BlogRoom(
        posts=posts,
        leases=leases,
        blueprints=(
            routes.blueprint(posts, markdown, metrics),
            editor_routes.blueprint(accounts, desk, markdown, metrics),
        ),
        load_demo_data=lambda: demo.load(posts),
    )
