"""What the panels of the Service board say of themselves.

A title, a unit, and a description: what it shows, and what to do when it looks bad.
"""

from dashboards import config
from dashboards.config import OBJECTIVES
from dashboards.panels import Head

NOW = OBJECTIVES.now_window
TARGET = f"{OBJECTIVES.latency_target_seconds:g} s"
SHORT, LONG = OBJECTIVES.budget_windows

VERDICTS_READY = Head(
    "Workers ready",
    "short",
    "Workers that take requests, and workers known that do not. Bad when any is missing for longer than a start takes: the state "
    "timeline on the board Runtime says since when, `GET /api/v1/health/readiness` on its management port says why.",
)

VERDICTS_FAILED = Head(
    "Failed requests",
    "percentunit",
    f"Share of requests answered with 5xx over {NOW}. Bad when over {config.ERROR_SHARE.bad:.0%}: look at Failures by route "
    "below, then follow the link to the failed traces.",
)

VERDICTS_FAST = Head(
    f"Within {TARGET}",
    "percentunit",
    f"Share of requests answered within {TARGET} over {NOW}; the objective is {OBJECTIVES.fast_share:.0%}. Bad when "
    "below it: Where the time goes, below, says what they wait for.",
)

VERDICTS_P95 = Head(
    "Latency p95",
    "s",
    f"One request in twenty takes longer. Bad when over {TARGET}: find the route in the table below, then open a dot (an "
    "exemplar) of the latency panel as a trace.",
)

VERDICTS_BURN = Head(
    "Error budget burn",
    "suffix:x",
    f"How many times faster than evenly the error budget is spent, over {SHORT} and {LONG}. Both high: an incident, act "
    f"now. Only {SHORT}: a blip so far. Only {LONG}: it is over.",
)

VERDICTS_RATE = Head(
    "Requests",
    "reqps",
    "Requests a second. Bad when it drops to nothing at a time of day that has traffic: then the fault is before the "
    "service (load balancer, DNS, certificate), for nothing here fails.",
)

WHERE_LATENCY = Head(
    "Latency",
    "s",
    "Quantiles of all chosen routes; each dot is one request that has a trace: click it. p50 rising with the others: "
    "everything is slower (database, hub, machine). Only p99 rising: some requests are, open a high dot.",
)

WHERE_HEAT = Head(
    "Latency, distribution",
    "s",
    "How many requests took how long. Two separate bands are two kinds of requests (cached and not, found and scanned). A "
    "band that wanders up is something filling: see the pool on the board MongoDB.",
)

WHERE_REQUESTS = Head(
    "Requests by route",
    "reqps",
    "Who calls what. Look here for a new caller or a retry storm when everything got slower at once.",
)

WHERE_FAILURES = Head(
    "Failures by route",
    "reqps",
    "5xx a second by route and status. 503 with a database that is down: board MongoDB. 500: click a line and open the "
    "failed traces; the log line of the same request id has the exception.",
)

WHERE_BY_ROUTE = Head(
    "Latency p95 by route",
    "s",
    "Which route is slow. Click a line for its slow traces. All of them: look at the board Runtime, the hub is shared by all.",
)

WHERE_STATUS = Head(
    "Answers by status",
    "reqps",
    "A jump of 4xx after a release is a broken client or a broken contract; 503 while draining is right.",
)

ROUTES = Head(
    "Routes",
    "short",
    "The whole time range, the route that takes most of all the time first: making that one faster helps most. Click a "
    "route to see only it, or its slow traces.",
)

WHY_PHASES = Head(
    "Where the time goes",
    "s",
    "Mean time of a request, by what it spent it on. db: slow commands, board MongoDB. db_pool_wait: too few connections, "
    "same board. cpu: our code or the hub, board Runtime. external: somebody else's service. threadpool: passwords and "
    "Markdown, off the hub. Parallel waits add up, so it can exceed the latency.",
)

WHY_SLOW = Head(
    "Slow requests by what took longest",
    "reqps",
    "Requests over their threshold, by dominant phase; each one has left its evidence in the log (`slow request`). None is good.",
)

WHY_SLOW_ROUTES = Head(
    "Slow requests by route",
    "reqps",
    "Requests over their threshold. Click a line for the traces of that route.",
)

WHY_FLIGHT = Head(
    "In flight",
    "short",
    "Requests being served, by worker. Rising without more requests: something blocks, and Where the time goes says what. "
    "One worker alone: its hub is held, board Runtime.",
)

WHY_ABORTED = Head(
    "Cut short",
    "reqps",
    "Responses that did not get to their end, by reason. client_disconnected: users gave up, mostly because it was slow. "
    "timeout and killed: we did.",
)

WHY_UNREADABLE = Head(
    "Unreadable",
    "reqps",
    "Requests that no route ever saw, by status: 414 and 431 are too large, 400 is not HTTP. They are in no other panel. "
    "A client that is broken, or somebody who tries doors.",
)

WHY_SIZE = Head(
    "Bytes sent by route",
    "Bps",
    "Bodies of responses. A jump without more requests is a page that lost its limit.",
)

BUILDS = Head(
    "What runs",
    "short",
    "Version of each worker and since when it runs. Two versions are a roll-out under way; trouble that begins with a start "
    "is that release's.",
)
