"""What the panels of the MongoDB board say of themselves.

A title, a unit, and a description: what it shows, and what to do when it looks bad.
"""

from dashboards.config import OBJECTIVES
from dashboards.panels import Head

NOW = OBJECTIVES.now_window

BAD_UP = Head(
    "Up",
    "bool_yes_no",
    "Did every worker's last look at MongoDB succeed? If not: is the server there, and can the worker reach it? `GET "
    "/api/v1/health` has the error.",
)

BAD_PING = Head(
    "Ping",
    "s",
    "Round trip of the slowest worker's last ping. High with few operations: the network or the server's machine.",
)

BAD_AGE = Head(
    "Evidence age",
    "s",
    "Age of the oldest last look. Over three intervals it is stale and readiness is 503: the look itself hangs, or that "
    "worker's hub is held.",
)

BAD_USE = Head(
    "Pool in use",
    "percentunit",
    "The fullest pool: connections checked out, of its maximum. Near 100 %: requests queue. Find out what holds them: "
    "Operation latency, below.",
)

BAD_PENDING = Head(
    "Waiting for a connection",
    "short",
    "Greenlets that wait for a connection right now. More than a few: the pool is the bottleneck.",
)

BAD_ERRORS = Head(
    "Failed operations",
    "percentunit",
    f"Share of commands that failed over {NOW}. See Failures by type for which and why.",
)

WHERE_LATENCY = Head(
    "Operation latency",
    "s",
    "Commands as the client saw them, network included. All rising: server or network. One: the next panel.",
)

WHERE_HEAT = Head(
    "Operation latency, distribution",
    "s",
    "A second, slower band is one kind of command without an index, or a large answer.",
)

WHERE_BY_OPERATION = Head(
    "Latency p95 by operation",
    "s",
    "Which command is slow. Does its filter have an index, is its answer large? Then add the index, or ask for less.",
)

WHERE_RATE = Head(
    "Operations",
    "ops",
    "Commands a second by name and collection. Many more of them for the same requests: a query in a loop.",
)

WHERE_ERRORS = Head(
    "Failures by type",
    "ops",
    "Failed commands by name and error. AutoReconnect and NetworkTimeout: the way to the server. DuplicateKeyError: the caller's mistake.",
)

OPERATIONS = Head(
    "Operations by time",
    "short",
    "The whole time range, the operation that takes most of the time first: an index there helps most.",
)

POOL_STATE = Head(
    "Connections",
    "short",
    "All chosen workers' pools. used at the maximum: full. establishing that stays: connecting is slow or refused. Below "
    "the minimum: just started, or thrown away.",
)

POOL_PENDING = Head(
    "Waiting for a connection",
    "short",
    "Greenlets in line, by worker. One worker alone: something there holds its connections.",
)

POOL_WAIT = Head(
    "Wait for a connection",
    "s",
    "Time until a connection was handed out. Idle pools give one in microseconds.",
)

POOL_USE = Head(
    "Connection held, p95",
    "s",
    "How long one is out of the pool. Longer than an operation takes: a cursor is kept open while something else is done.",
)

POOL_TIMEOUTS = Head(
    "Waits that ended without one",
    "ops",
    "Time-outs in line, by worker: those requests failed. Fewer requests, faster queries or a larger pool.",
)

POOL_CLEARED = Head(
    "Pool thrown away",
    "ops",
    "Times that a pool threw all of its connections away: after an operation or a heartbeat of the driver failed. One burst "
    "is a restart of the server or a change of its primary; again and again is a broken way to it.",
)

POOL_CREATED = Head(
    "Connections made",
    "ops",
    "New connections a second. Steadily more than none under steady load: they die young, mostly in a proxy.",
)

BOUNDS = Head(
    "Connections and their bounds",
    "short",
    "Open connections of all chosen workers between the minimum kept and the maximum allowed. Together the workers may open "
    "this many; the server must allow it.",
)

SERVER_UP = Head(
    "Seen by each worker",
    "bool_yes_no",
    "One worker alone sees it down: that worker's way there. All of them: the server.",
)

SERVER_PING = Head(
    "Ping by worker",
    "s",
    "Compare the workers: one alone is that worker's hub (board Runtime), not the database.",
)

SERVER_AGE = Head(
    "Evidence age by worker",
    "s",
    "A saw-tooth is right; a line that climbs is a look that hangs.",
)

SERVER_COUNTERS = Head(
    "Server: operations",
    "ops",
    "The server's own counters, all of its clients together. More than ours: somebody else loads it.",
)

SERVER_NETWORK = Head(
    "Server: network",
    "Bps",
    "The server's own counters. Much out for few operations: large answers, a projection is missing.",
)

SERVER_CONNECTIONS = Head(
    "Server: connections",
    "short",
    "The server's own count. available near 0: it refuses the next one. The embedded database does not report it.",
)
