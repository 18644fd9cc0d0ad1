"""Why Redis cannot count, in words that state what to do.

An error's own text is never passed on: it quotes the command, whose key names a client.

Source: Redis serialization protocol, "Simple errors"; before Redis 7 an error within a script has
its prefix in the middle of its text.
"""

import re
from collections.abc import Mapping
from typing import Final

from redis import RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse
from redis.exceptions import TimeoutError as RedisTimeout

REASONS: Final[Mapping[str, str]] = {
    "READONLY": "it is a read-only replica: REDIS_URL should name the primary",
    "MASTERDOWN": "it is a replica without its primary: REDIS_URL should name the primary",
    "OOM": "its memory is full: raise maxmemory, or set a maxmemory-policy that evicts",
    "LOADING": "it is loading its data: wait",
    "MISCONF": "it cannot save to its disk and refuses writes: check the disk of Redis",
    "NOREPLICAS": "it has too few replicas to accept writes: check min-replicas-to-write",
    "NOAUTH": "it requires a password: REDIS_URL should have one",
    "WRONGPASS": "it refuses the user or password of REDIS_URL",
    "NOPERM": "the user of REDIS_URL may not run scripts that write serene:limits:* keys: "
    "check its ACL",
    "CLUSTERDOWN": "its cluster is down: check the cluster",
    "MOVED": "it is one node of a cluster: REDIS_URL should name a single server or a proxy",
    "ASK": "it is one node of a cluster: REDIS_URL should name a single server or a proxy",
    "CROSSSLOT": "it is one node of a cluster: REDIS_URL should name a single server or a proxy",
    "TRYAGAIN": "its cluster moves the keys: wait",
    "BUSY": "it runs a long script of another client: wait, or use SCRIPT KILL",
    "UNKILLABLE": "it runs a long script of another client that has written: wait",
    "NOSCRIPT": "it keeps no scripts: check what stands between the service and Redis",
    "MAXCLIENTS": "it accepts no more clients: raise maxclients of Redis",
    "DATABASE": "it has no database of that number: check the end of REDIS_URL",
    "COMMAND": "it does not know a command: scripts (EVALSHA, SCRIPT LOAD) should be enabled",
    "PROTOCOL": "what answers is not Redis: check REDIS_URL",
    "TIMEOUT": "no response within REDIS_TIMEOUT_SECONDS: check Redis and the network",
    "CONNECTION": "no connection: check REDIS_URL and that Redis runs",
    "ERROR": "it refuses the scripts: check its version and its log",
}
"""By a word for the kind of failure."""

_PREFIX: Final = re.compile(
    r"(?<![A-Z])(READONLY|MASTERDOWN|OOM|LOADING|MISCONF|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM"
    r"|CLUSTERDOWN|MOVED|ASK|CROSSSLOT|TRYAGAIN|UNKILLABLE|BUSY|NOSCRIPT)(?![A-Z])"
)
_TEXTS: Final = (
    ("OOM", re.compile(r"used memory > 'maxmemory'|out of memory", re.IGNORECASE)),
    ("READONLY", re.compile(r"read[- ]only (replica|slave)", re.IGNORECASE)),
    ("NOAUTH", re.compile(r"authentication required|HELLO must be called", re.IGNORECASE)),
    ("WRONGPASS", re.compile(r"invalid (username|password)|no password is set", re.IGNORECASE)),
    ("NOPERM", re.compile(r"no permissions? to|executing the script can't", re.IGNORECASE)),
    ("MISCONF", re.compile(r"unable to persist|configured to save RDB", re.IGNORECASE)),
    ("MAXCLIENTS", re.compile(r"max number of clients", re.IGNORECASE)),
    ("DATABASE", re.compile(r"DB index is out of range|invalid DB index", re.IGNORECASE)),
    ("COMMAND", re.compile(r"unknown (command|subcommand)", re.IGNORECASE)),
    ("LOADING", re.compile(r"loading the dataset", re.IGNORECASE)),
)


def kind_of(error: RedisError) -> str:
    """Return the kind of a failure, a key of ``REASONS``."""
    prefix = getattr(error, "status_code", None)
    if prefix in REASONS:
        return str(prefix)
    text = str(error)
    if found := _PREFIX.search(text):
        return found[1]
    for kind, pattern in _TEXTS:
        if pattern.search(text):
            return kind
    if isinstance(error, InvalidResponse) or "Protocol Error" in text:
        return "PROTOCOL"
    if isinstance(error, RedisTimeout):
        return "TIMEOUT"
    return "CONNECTION" if isinstance(error, RedisConnectionError) else "ERROR"
