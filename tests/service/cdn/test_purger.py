"""Purges in the background: off the request's way, bounded, repeated, and tried again."""

from collections import Counter
from collections.abc import Sequence

import gevent
import pytest

from service.cdn import purger as module
from service.cdn.purger import LONGEST_RETRY_SECONDS, Purger
from service.cdn.vendors import MOST_TAGS, PurgeRefused


class Remover:
    """Removes copies, or fails as often as it is set to."""

    def __init__(self) -> None:
        self.failures = 0
        self.seen: list[list[str]] = []
        self.hangs = False

    def remove(self, tags: Sequence[str]) -> None:
        self.seen.append(list(tags))
        if self.hangs:
            gevent.sleep(60)
        if self.failures:
            self.failures -= 1
            raise PurgeRefused("status 503")


class Bench:
    """A purger with a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.remover = Remover()
        self.counted: Counter[str] = Counter()
        self.purger = Purger(
            self.remover,
            repeat_after_seconds=5.0,
            given_up_after_seconds=3600.0,
            count=lambda result, tags: self.counted.update({result: tags}),
            clock=lambda: self.now,
        )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_tag_is_purged_twice_for_what_was_read_before_the_change(bench):
    bench.purger.purge("posts", "post-naps")
    assert bench.remover.seen == []
    assert bench.purger.send_due() == 5.0
    assert (bench.remover.seen, len(bench.purger)) == ([["posts", "post-naps"]], 2)
    bench.now += 5
    assert bench.purger.send_due() == LONGEST_RETRY_SECONDS
    assert (bench.remover.seen, len(bench.purger)) == ([["posts", "post-naps"]] * 2, 0)
    assert bench.counted == {"purged": 4}


def test_tag_that_waits_is_sent_once_however_often_it_changes(bench):
    for _ in range(100):
        bench.purger.purge("posts")
    bench.purger.send_due()
    assert (bench.remover.seen, bench.counted) == ([["posts"]], {"purged": 1})


def test_change_during_the_wait_for_the_second_purge_begins_again(bench):
    bench.purger.purge("posts")
    bench.purger.send_due()
    bench.now += 3
    bench.purger.purge("posts")
    assert bench.purger.send_due() == 5.0
    bench.now += 5
    bench.purger.send_due()
    assert bench.remover.seen == [["posts"]] * 3


def test_request_has_so_many_tags_at_most(bench):
    bench.purger.purge(*map(str, range(MOST_TAGS + 1)))
    bench.purger.send_due()
    bench.purger.send_due()
    assert [len(tags) for tags in bench.remover.seen] == [MOST_TAGS, 1]


def test_failed_purge_is_tried_again_after_growing_waits_and_logged_once(bench, caplog):
    bench.remover.failures = 8
    bench.purger.purge("posts")
    pauses = [bench.purger.send_due() for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert bench.purger.send_due() == 5.0
    assert bench.counted == {"failed": 8, "purged": 1}
    assert caplog.messages == ["the CDN does not take purges (status 503): they are tried again"]


def test_purge_is_given_up_once_its_copies_have_expired(bench):
    bench.remover.failures = 1000
    bench.purger.purge("posts")
    bench.purger.send_due()
    bench.now += 3606
    bench.purger.send_due()
    assert (len(bench.purger), bench.counted) == (0, {"failed": 1, "dropped": 1})


def test_waiting_tags_are_bounded(bench, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    bench.purger.purge("a", "b", "c")
    bench.purger.purge("a")
    assert (len(bench.purger), bench.counted) == (2, {"dropped": 1})


def test_change_is_sent_at_once_in_the_background(bench):
    bench.purger.start()
    gevent.sleep(0)
    bench.purger.purge("posts")
    assert bench.remover.seen == []  # not in the caller's greenlet
    gevent.sleep(0.01)
    assert bench.remover.seen == [["posts"]]
    bench.purger.stop()


def test_what_waits_is_sent_when_the_process_ends(bench):
    bench.purger.purge(*map(str, range(MOST_TAGS + 1)))
    bench.purger.stop()
    assert sum(map(len, bench.remover.seen)) == MOST_TAGS + 1
    assert bench.counted == {"purged": MOST_TAGS + 1}


def test_end_does_not_wait_for_a_cdn_that_hangs(bench, caplog, monkeypatch):
    monkeypatch.setattr(module, "LAST_SECONDS", 0.05)
    bench.remover.hangs = True
    bench.purger.start()
    gevent.sleep(0)
    bench.purger.purge("posts")
    gevent.sleep(0.01)
    with gevent.Timeout(10):
        bench.purger.stop()
    assert bench.counted == {"dropped": 1}
    assert caplog.messages == ["1 tags were not purged from the CDN when the process ended"]
