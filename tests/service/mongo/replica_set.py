"""A replica set, or a mongos, on the wire: members that keep their data in one FerretDB.

The members answer ``hello`` themselves, as MongoDB does; every other command is recorded and passed
on, and each response gets the times that a replica set adds. So the driver chooses members, retries
and orders reads by its own code, on real sockets.

Source: MongoDB wire protocol (OP_MSG, and OP_QUERY of a first handshake); Server Discovery and
Monitoring specification (MongoDB drivers).
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import bson
import gevent
from bson import Int64, ObjectId, Timestamp
from gevent import socket
from gevent.server import StreamServer

from tests.service.mongo.wire import HEADER, exactly, op_msg

OP_REPLY, OP_QUERY = 1, 2004
HANDSHAKES = ("hello", "ismaster", "isMaster")
CLOSE = "close"
WIRE_VERSION = 21
ELECTION = ObjectId("7fffffff0000000000000001")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a member got.

    Args:
        member: Its number; 0 is the primary.
        document: As sent, without the documents of an insert that are beside it.
        response: As returned; empty when the connection was closed.
    """

    member: int
    document: Document
    response: Document

    @property
    def name(self) -> str:
        """Its first member."""
        return next(iter(self.document))

    @property
    def collection(self) -> str:
        """What it is for."""
        return str(self.document[self.name])


@dataclass
class ReplicaSet:
    """Members on free ports of the loopback interface.

    Args:
        upstream: Port of the FerretDB.
        is_mongos: Every member is a mongos, in place of members of a replica set.

    Attributes:
        commands: In the order of their responses, without handshakes.
        answers: By command: what is returned in place of FerretDB's response, or ``CLOSE``; each is
            used as often as it is in the list, the last one for good.
        lag_seconds: By member: how far it is behind.
    """

    upstream: int
    is_mongos: bool = False
    commands: list[Command] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    lag_seconds: dict[int, float] = field(default_factory=dict)
    _servers: list[StreamServer] = field(default_factory=list)
    _times: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def hosts(self) -> list[str]:
        """Addresses of the members, the primary's first."""
        return [f"127.0.0.1:{server.server_port}" for server in self._servers]

    def uri(self, database: str, options: str = "") -> str:
        """Return the connection string of all members."""
        chosen = "" if self.is_mongos else "replicaSet=rs0"
        query = "&".join(filter(None, (chosen, options)))
        return f"mongodb://{','.join(self.hosts)}/{database}?{query}"

    def named(self, *names: str) -> list[Command]:
        """Return the commands of some names."""
        return [command for command in self.commands if command.name in names]

    def start(self, members: int) -> None:
        """Listen as so many members."""
        for number in range(members):
            server = StreamServer(("127.0.0.1", 0), self._serve_as(number))
            server.start()
            self._servers.append(server)

    def stop(self) -> None:
        """Close every connection."""
        for server in self._servers:
            server.stop(timeout=0)

    def _serve_as(self, member: int) -> Callable[[Any, Any], None]:
        def serve(client: Any, _: Any) -> None:
            with client, socket.create_connection(("127.0.0.1", self.upstream)) as server:
                try:
                    while message := _message(client):
                        if not self._respond(member, message, client, server):
                            return
                except OSError:
                    pass

        return serve

    def _respond(self, member: int, message: bytes, client: Any, server: Any) -> bool:
        _, request_id, _, code = HEADER.unpack_from(message)
        document = _query(message) if code == OP_QUERY else _document(message)
        name = next(iter(document))
        if name in HANDSHAKES:
            reply = self._hello(member)
            client.sendall(
                _reply(request_id, reply) if code == OP_QUERY else op_msg(request_id, reply)
            )
            return True
        answer = self._answer(name)
        if answer == CLOSE:
            self.commands.append(Command(member, document, {}))
            return False
        if answer is None:
            server.sendall(_understood(message, document))
            answer = _document(_message(server))
        response = {**answer, **self._now()}
        self.commands.append(Command(member, document, response))
        client.sendall(op_msg(request_id, response))
        return True

    def _answer(self, name: str) -> Any:
        answers = self.answers.get(name)
        if not answers:
            return None
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _now(self) -> Document:
        now = Timestamp(int(datetime.now(UTC).timestamp()), next(self._times))
        signature = {"hash": b"\0" * 20, "keyId": Int64(0)}
        return {
            "operationTime": now,
            "$clusterTime": {"clusterTime": now, "signature": signature},
        }

    def _hello(self, member: int) -> Document:
        now = datetime.now(UTC)
        common: Document = {
            "helloOk": True,
            "maxBsonObjectSize": 16 * 1024**2,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "localTime": now,
            "logicalSessionTimeoutMinutes": 30,
            "minWireVersion": 0,
            "maxWireVersion": WIRE_VERSION,
            "readOnly": False,
            "ok": 1.0,
        }
        if self.is_mongos:
            return common | {"ismaster": True, "isWritablePrimary": True, "msg": "isdbgrid"}
        written = now - timedelta(seconds=self.lag_seconds.get(member, 0.0))
        is_primary = member == 0
        state = {"electionId": ELECTION} if is_primary else {}
        return (
            common
            | state
            | {
                "ismaster": is_primary,
                "isWritablePrimary": is_primary,
                "secondary": not is_primary,
                "setName": "rs0",
                "setVersion": 1,
                "hosts": self.hosts,
                "primary": self.hosts[0],
                "me": self.hosts[member],
                "lastWrite": {
                    "opTime": {"ts": Timestamp(int(written.timestamp()), 1), "t": Int64(1)},
                    "lastWriteDate": written,
                },
            }
        )


@contextmanager
def replica_set(upstream: int, members: int = 3, **options: Any) -> Iterator[ReplicaSet]:
    """Run the members during the block."""
    found = ReplicaSet(upstream, **options)
    found.start(members)
    try:
        yield found
    finally:
        found.stop()
        gevent.sleep(0)


def _message(connection: Any) -> bytes:
    header = exactly(connection, HEADER.size)
    if len(header) < HEADER.size:
        return b""
    (length,) = struct.unpack_from("<i", header)
    return header + exactly(connection, length - HEADER.size)


def _document(message: bytes) -> Document:
    start = HEADER.size + 4
    while message[start] != 0:  # a sequence of documents may come first
        (size,) = struct.unpack_from("<i", message, start + 1)
        start += 1 + size
    return _bson(message, start + 1)


def _understood(message: bytes, document: Document) -> bytes:
    """Return a message as FerretDB takes it: it knows no read concern of a write."""
    if message[HEADER.size + 4] != 0 or "readConcern" not in document:
        return message
    start = HEADER.size + 5
    (size,) = struct.unpack_from("<i", message, start)
    kept = {name: value for name, value in document.items() if name != "readConcern"}
    body = message[HEADER.size : start] + bson.encode(kept) + message[start + size :]
    _, *rest = HEADER.unpack_from(message)
    return HEADER.pack(HEADER.size + len(body), *rest) + body


def _query(message: bytes) -> Document:
    name_end = message.index(b"\0", HEADER.size + 4)
    return _bson(message, name_end + 1 + 8)


def _bson(message: bytes, start: int) -> Document:
    (size,) = struct.unpack_from("<i", message, start)
    return bson.decode(message[start : start + size])


def _reply(request_id: int, document: Document) -> bytes:
    body = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(document)
    return HEADER.pack(HEADER.size + len(body), 1, request_id, OP_REPLY) + body
