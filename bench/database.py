"""``python -m bench.database``: what the embedded database (FerretDB on SQLite) costs, with its
patch and without.

Look-ups by ``_id`` and by an indexed field in collections of growing size, and writes: small
documents in and out, and uploads of 100 kB to GridFS. Eight clients; per second of the clock, and
the server's processor time each. Both are built first where they are missing.
"""

import argparse
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import gridfs
import psutil
import pymongo
from pymongo.database import Database

from stack import golang, patches, paths, probes
from stack.backends import BY_NAME
from stack.build import Builder
from stack.ports import free_offset

CLIENTS = 8
BODY_BYTES = 1_000
UPLOAD_BYTES = 100_000

Documents = Database[dict[str, object]]
Work = Callable[[Documents, int, int], None]
"""One piece of work: on a database, by the client of that number, for the so manieth time."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one kind of work came to."""

    per_second: float
    server_us: float

    def __str__(self) -> str:
        return f"{self.per_second:8.0f}/s {self.server_us:8.0f} µs of the server"


def filled(database: Documents, count: int) -> str:
    """The name of a new collection with so many documents of 1 kB, and an index on ``member``."""
    name = f"of_{count}"
    database[name].create_index("member")
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        database[name].insert_many(
            [{"_id": f"id-{n}", "member": f"member-{n}", "body": "x" * BODY_BYTES} for n in numbers]
        )
    return name


def read(collection: str, field: str, prefix: str, count: int) -> Work:
    """Find one document of ``count`` by a field."""

    def work(database: Documents, client: int, turn: int) -> None:
        wanted = f"{prefix}-{(client * 7919 + turn * 104_729) % count}"
        found = database[collection].find_one({field: wanted})
        assert found is not None, wanted

    return work


def insert_and_delete(database: Documents, client: int, turn: int) -> None:
    """A small document in, and out again, as a login's guess."""
    name = f"{client}-{turn}"
    database["guesses"].insert_one({"_id": name, "key": "k" * 40, "at": turn})
    assert database["guesses"].delete_one({"_id": name}).deleted_count == 1


def upload(database: Documents, client: int, turn: int) -> None:
    """A file into GridFS."""
    gridfs.GridFSBucket(database).upload_from_stream(f"{client}-{turn}", b"\xff" * UPLOAD_BYTES)


def measured(database: Documents, server: psutil.Process, work: Work, seconds: float) -> Cost:
    """Do ``work`` with all clients for a while."""
    turns = [0] * CLIENTS
    before, began = sum(server.cpu_times()[:2]), time.perf_counter()

    def client(number: int) -> None:
        while time.perf_counter() - began < seconds:
            work(database, number, turns[number])
            turns[number] += 1

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, spent = time.perf_counter() - began, sum(server.cpu_times()[:2]) - before
    return Cost(sum(turns) / took, spent / max(1, sum(turns)) * 1e6)


def measure_all(binary: Path, seconds: float, sizes: list[int]) -> None:
    """Start a server on an empty folder, and print a line for each kind of work."""
    wire = BY_NAME["mongodb"].ports["wire"]
    address = f"127.0.0.1:{wire + free_offset([wire])}"
    uri = f"mongodb://{address}"
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [binary, "-listen", address, "-directory", data, "-log-level", "ERROR"]
        )
        try:
            while not probes.ask(uri).ready:
                time.sleep(0.05)
            with pymongo.MongoClient[dict[str, object]](uri) as client:
                measure_on(client["bench"], psutil.Process(process.pid), seconds, sizes)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def measure_on(
    database: Documents, server: psutil.Process, seconds: float, sizes: list[int]
) -> None:
    """Each kind of work in turn, on one server."""
    for count in sizes:
        name = filled(database, count)
        for field, prefix in (("_id", "id"), ("member", "member")):
            print(
                f"  find by {field:6} of {count:6}: {measured(database, server, read(name, field, prefix, count), seconds)}",
                flush=True,
            )
    print(f"  insert and delete       : {measured(database, server, insert_and_delete, seconds)}")
    upload(database, -1, 0)
    print(f"  upload of 100 kB        : {measured(database, server, upload, seconds)}", flush=True)


def unpatched(builder: Builder, scratch: Path) -> Path:
    """FerretDB as it comes, built as ours but for the patch."""
    module = BY_NAME["mongodb"].module
    shutil.copytree(
        paths.MODULES / module, scratch / module, ignore=shutil.ignore_patterns(patches.FOLDER)
    )
    return replace(builder, modules=scratch).build(BY_NAME["mongodb"])


def main() -> None:
    """Print a table for the database as it comes, and for ours."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="for each line")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="*",
        default=[20, 2_000, 20_000],
        help="documents in a collection",
    )
    asked = parser.parse_args()
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            "without the patch": unpatched(builder, Path(scratch)),
            "with the patch": builder.build(BY_NAME["mongodb"]),
        }
    for name, folder in folders.items():
        print(name, flush=True)
        measure_all(folder / "ferretdb", asked.seconds, asked.sizes)


if __name__ == "__main__":
    main()
