"""What the embedded database costs, with its patch and without: ``python -m bench.database``.

Reads by ``_id`` and by an indexed field in collections of growing size, and writes: small documents
inserted and deleted, and uploads of 100 kB to GridFS. With eight clients; per second of wall time,
and the server's CPU time per operation. Both servers are built first when they are missing.
"""

import argparse
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import gridfs
import psutil
import pymongo
from pymongo.database import Database

from bench.rounds import run_in_threads
from stack import golang, patches, paths, probes
from stack.backends import BY_NAME
from stack.build import Builder
from stack.ports import free_offset

CLIENTS = 8
BODY_BYTES = 1_000
UPLOAD_BYTES = 100_000

Documents = Database[dict[str, object]]
Work = Callable[[Documents, int, int], None]
"""One operation on a database, with the number of the client and of its turn."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Throughput, and CPU time of the server per operation."""

    per_second: float
    server_us: float

    def __str__(self) -> str:
        return f"{self.per_second:8.0f}/s {self.server_us:8.0f} µs of the server"


def filled(database: Documents, count: int) -> str:
    """Create a collection of ``count`` documents, indexed by ``member``; return its name."""
    name = f"of_{count}"
    database[name].create_index("member")
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        database[name].insert_many(
            [{"_id": f"id-{n}", "member": f"member-{n}", "body": "x" * BODY_BYTES} for n in numbers]
        )
    return name


def read(collection: str, field: str, prefix: str, count: int) -> Work:
    """Return the work of finding one of ``count`` documents by a field."""

    def work(database: Documents, client: int, turn: int) -> None:
        value = f"{prefix}-{(client * 7919 + turn * 104_729) % count}"
        assert database[collection].find_one({field: value}) is not None, value

    return work


def insert_and_delete(database: Documents, client: int, turn: int) -> None:
    """Insert and delete a small document, as a login attempt does."""
    name = f"{client}-{turn}"
    database["attempts"].insert_one({"_id": name, "key": "k" * 40, "at": turn})
    assert database["attempts"].delete_one({"_id": name}).deleted_count == 1


def upload(database: Documents, client: int, turn: int) -> None:
    """Store a file in GridFS."""
    gridfs.GridFSBucket(database).upload_from_stream(f"{client}-{turn}", b"\xff" * UPLOAD_BYTES)


def measure(database: Documents, server: psutil.Process, work: Work, seconds: float) -> Cost:
    """Repeat ``work`` with all clients for some seconds."""
    turns = [0] * CLIENTS
    before, began = sum(server.cpu_times()[:2]), time.perf_counter()

    def client(number: int) -> None:
        while time.perf_counter() - began < seconds:
            work(database, number, turns[number])
            turns[number] += 1

    run_in_threads(client, CLIENTS)
    took, spent = time.perf_counter() - began, sum(server.cpu_times()[:2]) - before
    return Cost(sum(turns) / took, spent / max(1, sum(turns)) * 1e6)


def measure_all(binary: Path, seconds: float, sizes: list[int]) -> None:
    """Start a server on an empty folder, and measure all kinds of work on it."""
    wire = BY_NAME["mongodb"].ports["wire"]
    address = f"127.0.0.1:{wire + free_offset([wire])}"
    uri = f"mongodb://{address}"
    with tempfile.TemporaryDirectory() as data:
        process = subprocess.Popen(
            [binary, "-listen", address, "-directory", data, "-log-level", "ERROR"]
        )
        try:
            while not probes.probe(uri).ready:
                time.sleep(0.05)
            with pymongo.MongoClient[dict[str, object]](uri) as client:
                measure_on(client["bench"], psutil.Process(process.pid), seconds, sizes)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def measure_on(
    database: Documents, server: psutil.Process, seconds: float, sizes: list[int]
) -> None:
    """Print a line for each kind of work on one server."""
    for count in sizes:
        name = filled(database, count)
        for field, prefix in (("_id", "id"), ("member", "member")):
            cost = measure(database, server, read(name, field, prefix, count), seconds)
            print(f"  find by {field:6} of {count:6}: {cost}", flush=True)
    print(f"  insert and delete       : {measure(database, server, insert_and_delete, seconds)}")
    upload(database, -1, 0)
    print(f"  upload of 100 kB        : {measure(database, server, upload, seconds)}", flush=True)


def unpatched(builder: Builder, scratch: Path) -> Path:
    """Build FerretDB without the patch."""
    module = BY_NAME["mongodb"].module
    shutil.copytree(
        paths.MODULES / module, scratch / module, ignore=shutil.ignore_patterns(patches.FOLDER)
    )
    return replace(builder, modules=scratch).build(BY_NAME["mongodb"])


def main() -> None:
    """Print a table for the database without the patch, and one with it."""
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
    options = parser.parse_args()
    cache = paths.cache_directory()
    builder = Builder(golang.find(cache) or golang.fetch(cache), cache)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            "without the patch": unpatched(builder, Path(scratch)),
            "with the patch": builder.build(BY_NAME["mongodb"]),
        }
    for name, folder in folders.items():
        print(name, flush=True)
        measure_all(folder / "ferretdb", options.seconds, options.sizes)


if __name__ == "__main__":
    main()
