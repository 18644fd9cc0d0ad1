"""Faults of whole processes: a backend that is dead, a Redis that has become a replica."""

import signal
from dataclasses import dataclass
from typing import Any, Final

import psutil
import redis

from stack import processes
from stack.errors import StackError
from stack.faults.state import States
from stack.runner import Stack

_KILL_SECONDS: Final = 10.0
_READY_SECONDS: Final = 120.0
_TIMEOUT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Dead:
    """A backend is killed, and started again as it was.

    Attributes:
        backend: its name.
    """

    backend: str

    @property
    def fault(self) -> str:
        """The fault's name."""
        return f"dead-{self.backend}"

    def press(self, stack: Stack, seconds: int) -> None:
        """Kill it; its record stays, so that `serene status` shows that it died."""
        record = stack.records.alive(self.backend)
        if record is None:
            raise StackError(f"{self.backend} is not running: see ./serene status")
        environment = psutil.Process(record.pid).environ()
        States(stack).write_environment(self.backend, environment)
        stack.send(self.backend, signal.SIGKILL)
        if not processes.wait_gone(record.identity, _KILL_SECONDS):
            raise StackError(f"{self.backend} (pid {record.pid}) does not end")

    def release(self, stack: Stack) -> None:
        """Start it with the environment that it had, and wait until it is ready."""
        if stack.records.alive(self.backend) is None:
            stack.start(self.backend, env=States(stack).read_environment(self.backend))
        stack.wait_ready(self.backend, _READY_SECONDS)

    def is_on(self, stack: Stack) -> bool:
        """Return whether it was killed and does not run; another crash is no fault of this."""
        return (
            States(stack).read(self.fault) is not None and stack.records.alive(self.backend) is None
        )


@dataclass(frozen=True, slots=True)
class ReadOnlyRedis:
    """Redis is a replica, as after a failover that nobody followed: it refuses to count."""

    def press(self, stack: Stack, seconds: int) -> None:
        """Make it a replica of a primary that does not exist; its keys stay."""
        if stack.records.alive("redis") is None:
            raise StackError("redis is not running: see ./serene status")
        with _client(stack) as client:
            client.replicaof("127.0.0.1", 1)

    def release(self, stack: Stack) -> None:
        """Make it a primary."""
        if stack.records.alive("redis") is not None:
            with _client(stack) as client:
                client.replicaof("NO", "ONE")

    def is_on(self, stack: Stack) -> bool:
        """Return whether it is a replica."""
        try:
            with _client(stack) as client:
                return bool(client.info("replication")["role"] == "slave")
        except redis.RedisError:
            return False


def _client(stack: Stack) -> Any:
    return redis.Redis(
        port=stack.port("redis"),
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
    )
