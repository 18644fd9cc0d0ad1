"""The wait for a server that can serve a command: while the deployment is away, or elects.

pymongo has no event for it: a command waits on the topology's condition until a monitor has found a
server. A condition is a plain Python object, so its class can be exchanged, and its wait is a wait
of the current request then. What is not as expected is left alone.
"""

import threading
import weakref
from typing import Final

from pymongo.synchronous.topology import Topology

from telemetry.guard import Guard, Place
from telemetry.requests.open_waits import OpenWait
from telemetry.requests.record import current_record

CONDITION: Final = "_condition"
"""Attribute of a topology: changes of what is known of the servers."""


class ServersSubject:
    """A wait for a server; its text has those that are known.

    Args:
        topology: Knows them.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = weakref.ref(topology)

    def __str__(self) -> str:
        topology = self._topology()
        if topology is None:
            return "a server"
        known = topology.description.server_descriptions()
        return "a server of " + ", ".join(sorted(f"{host}:{port}" for host, port in known))


class SelectionCondition(threading.Condition):
    """See the module.

    Attributes:
        subject: Its text describes the wait.
        place: Stands around the request's record.
    """

    subject: object
    place: Place

    def wait(self, timeout: float | None = None) -> bool:
        """Wait as ``threading.Condition`` does, as a wait of the current request to connect."""
        record = current_record()
        if record is None:
            return super().wait(timeout)
        named: OpenWait | None = None
        with self.place:
            named = record.begin_wait("db_connect", self.subject)
        try:
            return super().wait(timeout)
        finally:
            if named is not None:
                with self.place:
                    record.end_wait(named)


def adopt(topology: Topology | None, guard: Guard) -> None:
    """Name the waits for a server; a second call is harmless. Never yields.

    Args:
        topology: Built by pymongo.
        guard: Stands around the request's record.
    """
    condition = getattr(topology, CONDITION, None)
    if topology is not None and type(condition) is threading.Condition:
        vars(condition).update(subject=ServersSubject(topology), place=guard.at("mongo.servers"))
        condition.__class__ = SelectionCondition
