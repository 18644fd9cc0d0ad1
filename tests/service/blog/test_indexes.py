"""Indexes of the blog as the real database lists them."""

from tests.service.mongo.index_keys import listed


def test_posts_have_the_indexes_that_their_queries_need(service):
    assert listed(service.mongo.database["posts"]) == {
        "_id_": (("_id", 1),),
        "status_1_published_at_-1": (("status", 1), ("published_at", -1)),
        "category_key_1_status_1_published_at_-1": (
            ("category_key", 1),
            ("status", 1),
            ("published_at", -1),
        ),
        "tag_keys_1_status_1_published_at_-1": (
            ("tag_keys", 1),
            ("status", 1),
            ("published_at", -1),
        ),
        "author_1_status_1": (("author", 1), ("status", 1)),
        "author_id_1_status_1_published_at_-1": (
            ("author_id", 1),
            ("status", 1),
            ("published_at", -1),
        ),
    }


def test_leases_of_posts_are_indexed_by_name_and_expiry(service):
    assert listed(service.mongo.database["post_leases"]) == {
        "_id_": (("_id", 1),),
        "name_1": (("name", 1),),
        "until_1": (("until", 1),),
    }
