"""Demo traffic for the API: people read its blog, most of the time, and are members, with the
mistakes they make.

A locust file: `serene load` runs it, and nothing imports it (locust patches the standard library on
import). Every task is exactly one request, so that the chosen rate is the rate; what a member does
takes many, and each time the next one is made. A 404 that was asked for is a success.
"""

import os
import random
import time

import gevent
from locust import FastHttpUser, task

from stack.load_member import Member

_API = "/api/v1"
_POSTS = f"{_API}/blog/posts"
_RATE = float(os.environ.get("SERENE_LOAD_RATE_PER_USER", "1"))
_WEBHOOK_SECRET = os.environ.get("SERENE_LOAD_WEBHOOK_SECRET", "")
# What a reader's browser and a crawler's leftovers ask for.
_GONE = ("a-post-that-was-deleted", "wp-login.php", "undefined")
_PAGE_SIZES = (5, 10, 20)


class Reader(FastHttpUser):
    """One person with a browser: lists, turns pages, filters, reads.

    Remembers what the lists showed; is a member.
    """

    def on_start(self) -> None:
        self.next: str | None = None
        self.life = Member(self.client, _WEBHOOK_SECRET).life()
        self.slugs: list[str] = []
        self.tags: list[str] = []
        self.categories: list[str] = []
        self.due_seconds = time.monotonic()
        gevent.sleep(self.wait_time())

    def wait_time(self) -> float:
        """Seconds until the next request: random as arrivals are, and on average at the rate
        however long answers take.

        locust's constant_throughput keeps all users in step: bursts that no real traffic has.
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
        self._list(
            f"{_POSTS}?category={random.choice(self.categories or ['mindfulness'])}",
            "list, by category",
        )

    @task(25)
    def read_post(self) -> None:
        if not self.slugs:
            self.list_first_page()
        else:
            self.client.get(f"{_POSTS}/{random.choice(self.slugs)}", name="post")

    @task(4)
    def ask_for_what_is_not_there(self) -> None:
        with self.client.get(
            f"{_POSTS}/{random.choice(_GONE)}", name="post, not there", catch_response=True
        ) as answer:
            if answer.status_code == 404:
                answer.success()

    @task(40)
    def be_a_member(self) -> None:
        try:
            next(self.life)
        except StopIteration:
            # An error, which locust has told of, was the end of it.
            self.life = Member(self.client, _WEBHOOK_SECRET).life()
            next(self.life)

    @task(6)
    def look_at_health(self) -> None:
        self.client.get(f"{_API}/health", name="health")

    def _list(self, url: str, name: str) -> None:
        with self.client.get(url, name=name, catch_response=True) as answer:
            if answer.status_code != 200:
                return
            page = answer.json()
            self.next = page["next"]
            self.slugs = [post["slug"] for post in page["posts"]] or self.slugs
            self.tags = sorted({tag for post in page["posts"] for tag in post["tags"]}) or self.tags
            self.categories = (
                sorted({post["category"] for post in page["posts"]}) or self.categories
            )
