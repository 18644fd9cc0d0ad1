"""Ids of requests: UUIDs of version 4, no two alike, in a forked child neither."""

import os
import random
import uuid

from telemetry.requests.ids import IDS_AT_ONCE, RequestIds, uuid_text


def test_ids_are_random_uuids_of_version_4():
    ids = RequestIds()
    made = [ids.next() for _ in range(3 * IDS_AT_ONCE)]
    assert len(set(made)) == len(made)
    for digits, text in made:
        parsed = uuid.UUID(digits)
        assert (parsed.version, parsed.variant) == (4, uuid.RFC_4122)
        assert (parsed.hex, str(parsed)) == (digits, text)
        assert text == uuid_text(digits)
    # Each free digit takes each value.
    for at in {*range(32)} - {12, 16}:
        assert {digits[at] for digits, _ in made} == set("0123456789abcdef")


def test_seed_of_a_program_repeats_no_id():
    made = set()
    for _ in range(2):
        random.seed(1)
        made.add(RequestIds().next())
    assert len(made) == 2


def test_forked_child_has_ids_of_its_own():
    ids = RequestIds()
    ids.next()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, ids.next()[0].encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    of_child = os.read(reader, 32).decode()
    os.close(reader)
    os.close(writer)
    assert len(of_child) == 32
    assert of_child not in {ids.next()[0] for _ in range(2 * IDS_AT_ONCE)}
