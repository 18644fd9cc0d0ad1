"""The repository of files: standard GridFS, the quota under races, and removal of remains."""

from datetime import UTC, datetime

import gevent
import pytest
from gridfs import GridFSBucket
from pymongo.errors import ConnectionFailure

from service.files.model import Quota
from service.files.quota import QuotaExceeded
from service.files.repository import FileGone, FileRepository
from service.files.room import FilesRoom
from service.files.upload import CHUNK_BYTES, UploadTooLarge, UploadTooSlow
from tests.clock import Clock
from tests.machine import PATIENCE_SECONDS

OWNER, OTHER = "ada", "bob"
KIB = 1024


@pytest.fixture
def clock():
    return Clock(datetime(2026, 11, 25, tzinfo=UTC))


@pytest.fixture
def files(service, clock):
    """A repository with a quota of 300 KiB and four files."""
    return FileRepository(service.mongo.database, Quota(300 * KIB, 4, upload_seconds=60), now=clock)


def store(files, size=100 * KIB, owner=OWNER):
    with files.upload(owner, size) as upload:
        upload.write(b"x" * size)
        return files.store(upload, owner, "calm.txt", "text/plain")


def stored(service):
    return tuple(
        service.mongo.database[f"uploads.{name}"].count_documents({})
        for name in ("files", "chunks", "reservations")
    )


def test_gridfs_tools_read_a_stored_file(service):
    content = bytes(range(256)) * (CHUNK_BYTES * 2 // 256) + b"end"
    with service.room(FilesRoom).files.upload(OWNER, len(content)) as upload:
        for start in range(0, len(content), 65536):
            upload.write(content[start : start + 65536])
        file = service.room(FilesRoom).files.store(upload, OWNER, "calm.bin", "audio/wav")
    found = GridFSBucket(service.mongo.database, "uploads").open_download_stream(file.file_id)
    assert (found.read(), found.filename, found.length, found.chunk_size, found.upload_date) == (
        content,
        "calm.bin",
        len(content),
        CHUNK_BYTES,
        file.uploaded_at,
    )
    assert service.room(FilesRoom).files.get(file.file_id) == file
    assert b"".join(service.room(FilesRoom).files.read(file, 0, len(content))) == content


def try_to_store(files, size):
    try:
        return store(files, size)
    except QuotaExceeded as error:
        return error


@pytest.mark.parametrize("round_number", range(5))
def test_concurrent_uploads_fill_the_quota_exactly(service, round_number):
    files = FileRepository(
        service.mongo.database, Quota(3 * 100 * KIB + 50 * KIB, 100, upload_seconds=60)
    )
    outcomes = [
        each.value
        for each in gevent.joinall(
            [gevent.spawn(try_to_store, files, 100 * KIB) for _ in range(20)]
        )
    ]
    refused = [outcome for outcome in outcomes if isinstance(outcome, QuotaExceeded)]
    kept = service.mongo.database["uploads.files"].count_documents({})
    assert (kept, len(refused), stored(service)[2]) == (3, 17, 0)
    assert {error.retry_after_seconds for error in refused} <= {None, 2}


def test_overlapping_uploads_never_exceed_the_quota(service):
    files = FileRepository(service.mongo.database, Quota(250 * KIB, 100, upload_seconds=60))
    most = 0

    def upload_and_remove(number):
        nonlocal most
        gevent.sleep(number * 0.003)
        file = try_to_store(files, (20 + 30 * (number % 3)) * KIB)
        most = max(
            most, sum(one["length"] for one in service.mongo.database["uploads.files"].find())
        )
        if number % 2 and not isinstance(file, QuotaExceeded):
            files.remove(file)

    gevent.joinall(
        [gevent.spawn(upload_and_remove, number) for number in range(40)], raise_error=True
    )
    assert 0 < most <= 250 * KIB
    assert stored(service)[2] == 0


def test_number_of_files_is_limited_per_account(files):
    for _ in range(4):
        store(files, 10)
    with pytest.raises(QuotaExceeded) as refused:
        store(files, 10)
    error = refused.value
    assert (error.used_bytes, error.used_count, error.retry_after_seconds) == (40, 4, None)
    assert store(files, 10, OTHER).owner_id == OTHER


def test_running_upload_reserves_quota_and_others_get_a_retry_delay(files):
    with files.upload(OWNER, 250 * KIB) as upload:
        with pytest.raises(QuotaExceeded) as refused:
            store(files)
        upload.write(b"x")
        files.store(upload, OWNER, "small.txt", "text/plain")
    assert refused.value.retry_after_seconds == 2
    assert store(files).size_bytes == 100 * KIB


def test_failed_upload_leaves_nothing(files, service):
    def fail():
        with files.upload(OWNER, 250 * KIB) as upload:
            upload.write(b"x" * 1000)
            raise OSError

    with pytest.raises(OSError):
        fail()
    with pytest.raises(UploadTooLarge), files.upload(OWNER, 1000) as upload:
        upload.write(b"x" * 1001)
    assert stored(service) == (0, 0, 0)


def test_killed_upload_leaves_nothing(service):
    ready = gevent.event.Event()

    def stall():
        with service.room(FilesRoom).files.upload(OWNER, 5 * CHUNK_BYTES) as upload:
            upload.write(b"x" * 2 * CHUNK_BYTES)
            ready.set()
            gevent.sleep(60)

    greenlet = gevent.spawn(stall)
    assert ready.wait(PATIENCE_SECONDS)
    assert stored(service) == (0, 2, 1)
    greenlet.kill()
    assert stored(service) == (0, 0, 0)


def test_upload_past_its_deadline_fails(files, service, clock):
    def dawdle():
        with files.upload(OWNER, 1000) as upload:
            upload.write(b"x")
            clock.forward(61)
            files.store(upload, OWNER, "slow.txt", "text/plain")

    with pytest.raises(UploadTooSlow):
        dawdle()
    assert stored(service) == (0, 0, 0)


def test_remains_of_a_dead_process_expire_and_are_removed(files, service, clock):
    broken = files.upload(OWNER, 250 * KIB)
    upload = broken.__enter__()
    upload.write(b"x" * 250 * KIB)
    upload.finish()
    removed = store(files, 10, OTHER)
    files._quota_reservations.record_removal(
        removed.file_id, OTHER, 1
    )  # and died before the removal
    assert stored(service) == (1, 2, 2)
    clock.forward(119)
    with pytest.raises(QuotaExceeded):
        store(files)
    clock.forward(2)
    file = store(files)
    assert stored(service) == (2, 2, 0)
    assert {one["files_id"] for one in service.mongo.database["uploads.chunks"].find()} == {
        file.file_id,
        removed.file_id,
    }
    with pytest.raises(UploadTooSlow):
        files.store(upload, OWNER, "late.txt", "text/plain")
    broken.gen.close()
    assert stored(service) == (2, 2, 0)


def test_chunks_of_an_interrupted_removal_are_removed_later(files, service, clock):
    file = store(files)
    files._quota_reservations.record_removal(file.file_id, OWNER, 1)
    service.mongo.database["uploads.files"].delete_one({"_id": file.file_id})
    assert stored(service) == (0, 1, 1)
    clock.forward(121)
    files.remove_stale()
    assert stored(service) == (0, 0, 0)


def test_a_file_is_removed_once(files):
    file = store(files)
    assert sorted(gevent.spawn(files.remove, file).get() for _ in range(2)) == [False, True]


def test_reading_a_removed_file_raises(service):
    with service.room(FilesRoom).files.upload(OWNER, 3 * CHUNK_BYTES) as upload:
        upload.write(b"x" * 3 * CHUNK_BYTES)
        file = service.room(FilesRoom).files.store(upload, OWNER, "calm.txt", "text/plain")
    pieces = service.room(FilesRoom).files.read(file, 0, file.size_bytes)
    assert len(next(pieces)) == CHUNK_BYTES
    assert service.room(FilesRoom).files.remove(file)
    with pytest.raises(FileGone):
        next(pieces)


def test_lost_database_ends_transfers_and_the_upload_is_removed_later(own_mongodb, build_service):
    environ = {
        "MONGODB_URI": f"{own_mongodb.uri}/files",
        "MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS": "0.2",
    }
    service = build_service(environ)
    clock = Clock(datetime(2026, 11, 25, tzinfo=UTC))
    files = FileRepository(
        service.mongo.database, Quota(100 * CHUNK_BYTES, 10, upload_seconds=60), now=clock
    )
    with files.upload(OWNER, 2 * CHUNK_BYTES) as upload:
        upload.write(b"x" * 2 * CHUNK_BYTES)
        file = files.store(upload, OWNER, "calm.txt", "text/plain")
    pieces = files.read(file, 0, file.size_bytes)
    next(pieces)

    def upload_and_lose_it():
        with files.upload(OWNER, 2 * CHUNK_BYTES) as upload:
            upload.write(b"x" * CHUNK_BYTES)
            own_mongodb.stop()
            upload.write(b"x" * CHUNK_BYTES)

    with pytest.raises(ConnectionFailure):
        upload_and_lose_it()
    with pytest.raises(ConnectionFailure):
        next(pieces)
    own_mongodb.start()
    service.mongo.client.admin.command("ping")
    assert stored(service) == (1, 3, 1)
    clock.forward(121)
    files.remove_stale()
    assert stored(service) == (1, 2, 0)
