"""Demo traffic for locust: users who read the blog most of the time, and are members as well.

`serene load` runs this file. Every task is exactly one request, so that the chosen rate is the
request rate; each member task sends the next request of `member.Member`. An expected 404 is a
success.
"""

import os
import random
import time

import gevent
from locust import FastHttpUser, task

from stack.traffic.member import Member

_API = "/api/v1"
_POSTS = f"{_API}/blog/posts"
_RATE = float(os.environ.get("SERENE_LOAD_RATE_PER_USER", "1"))
_WEBHOOK_SECRET = os.environ.get("SERENE_LOAD_WEBHOOK_SECRET", "")
# Requests of outdated bookmarks, scanners and broken clients.
_MISSING_SLUGS = ("a-post-that-was-deleted", "wp-login.php", "undefined")
_PAGE_SIZES = (5, 10, 20)


class Reader(FastHttpUser):
    """One user: lists posts, pages, filters and reads by what the lists returned; is a member."""

    def on_start(self) -> None:
        self.next: str | None = None
        self.member_requests = Member(self.client, _WEBHOOK_SECRET).requests()
        self.slugs: list[str] = []
        self.tags: list[str] = []
        self.categories: list[str] = []
        self.due_seconds = time.monotonic()
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Return the seconds until the next request: Poisson arrivals at the chosen rate.

        Independent of response times. locust's constant_throughput keeps all users in step, in
        bursts that no real traffic has.
        """
        self.due_seconds += random.expovariate(_RATE)
        return max(0.0, self.due_seconds - time.monotonic())

    @task(30)
    def list_first_page(self) -> None:
        self._list(f"{_POSTS}?limit={random.choice(_PAGE_SIZES)}", "list, first page")

    @task(15)
    def list_next_page(self) -> None:
        if self.next is None:
            self.list_first_page()
        else:
            self._list(self.next, "list, next page")

    @task(10)
    def list_by_tag(self) -> None:
        self._list(f"{_POSTS}?tag={random.choice(self.tags or ['sleep'])}", "list, by tag")

    @task(10)
    def list_by_category(self) -> None:
        category = random.choice(self.categories or ["mindfulness"])
        self._list(f"{_POSTS}?category={category}", "list, by category")

    @task(25)
    def read_post(self) -> None:
        if not self.slugs:
            self.list_first_page()
        else:
            self.client.get(f"{_POSTS}/{random.choice(self.slugs)}", name="post")

    @task(4)
    def read_missing_post(self) -> None:
        with self.client.get(
            f"{_POSTS}/{random.choice(_MISSING_SLUGS)}", name="post, missing", catch_response=True
        ) as response:
            if response.status_code == 404:
                response.success()

    @task(40)
    def use_membership(self) -> None:
        try:
            next(self.member_requests)
        except StopIteration:
            # It ended with an error, which locust has reported.
            self.member_requests = Member(self.client, _WEBHOOK_SECRET).requests()
            next(self.member_requests)

    @task(6)
    def get_health(self) -> None:
        self.client.get(f"{_API}/health", name="health")

    def _list(self, url: str, name: str) -> None:
        with self.client.get(url, name=name, catch_response=True) as response:
            if response.status_code != 200:
                return
            page = response.json()
            posts = page["posts"]
            self.next = page["next"]
            self.slugs = [post["slug"] for post in posts] or self.slugs
            self.tags = sorted({tag for post in posts for tag in post["tags"]}) or self.tags
            self.categories = sorted({post["category"] for post in posts}) or self.categories
