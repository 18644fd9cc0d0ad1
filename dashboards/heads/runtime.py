"""What the panels of the Runtime board say of themselves.

A title, a unit, and a description: what it shows, and what to do when it looks bad.
"""

from dashboards import config
from dashboards.config import OBJECTIVES
from dashboards.panels import Head

NOW = OBJECTIVES.now_window

BAD_LAG = Head(
    "Hub lag p99",
    "s",
    f"How long one greenlet kept all others of its worker waiting, over {NOW}. Over {config.HUB_LAG_P99_SECONDS.bad:g} s "
    "every user of that worker feels it: Hub held by, below, names the code.",
)

BAD_BLOCKED = Head(
    "Hub held",
    "percentunit",
    "Share of the time in which the worst worker's hub was held past its threshold. Nothing else ran in it meanwhile.",
)

BAD_CPU = Head(
    "Processor",
    "percentunit",
    "The busiest worker, of one core; it cannot use more than one. Near 100 %: more workers, or less work a request.",
)

BAD_MEMORY = Head(
    "Memory",
    "bytes",
    "Resident memory of all chosen workers. A line that only climbs, at steady traffic, is a leak.",
)

BAD_RESTARTS = Head(
    "Restarts",
    "short",
    f"Workers replaced in the last {config.RESTART_WINDOW}. More than a release explains: they crash or are killed; the log "
    "of the arbiter says why.",
)

BAD_UNCAUGHT = Head(
    "Uncaught exceptions",
    "short",
    f"Exceptions that nothing handled in the last {config.RESTART_WINDOW}, in greenlets and threads. Search the log for "
    "`uncaught`: each has its trace id.",
)

LIFECYCLE_STATES = Head(
    "State of each worker",
    "short",
    "Red: it does not answer its management port, so it is gone or its process is stopped. Draining longer than half a "
    "minute: requests that do not end, see the next panels.",
)

LIFECYCLE_UPTIME = Head(
    "Running for",
    "s",
    "Since when each worker runs. All falling to 0 together is a release; one alone again and again is a crash loop.",
)

LIFECYCLE_STARTS = Head(
    "Starts",
    "short",
    "Workers replaced, by slot: the successor of a worker has its slot.",
)

LIFECYCLE_FLIGHT = Head(
    "Drain: still in flight",
    "short",
    "Requests that a drain waits for. Standing still: those hang; past 30 s they are cut, and `request cut by the drain` in "
    "the log names each.",
)

LIFECYCLE_SECONDS = Head(
    "Drain: lasts since",
    "s",
    "How long the current drain has taken; 0 outside of one. At 30 s it ends by force, with exit code 1.",
)

LIFECYCLE_REJECTED = Head(
    "Drain: came too late",
    "reqps",
    "Requests answered 503 after the drain delay. Any at all: the load balancer notices too late, lengthen DRAIN_DELAY_SECONDS.",
)

LIFECYCLE_UNCAUGHT = Head(
    "Uncaught exceptions",
    "short",
    "Exceptions that nothing handled, by where they ended; fatal ones drain the worker and end it with exit code 1.",
)

HUB_LAG = Head(
    "Hub lag",
    "s",
    "How long one turn of the hub kept the others waiting. p99 over 0.1 s: users of that worker wait for somebody else's work.",
)

HUB_HEAT = Head(
    "Hub lag, distribution",
    "s",
    "A faint band far up is one rare long block: the log line `hub held` names its frame and its request.",
)

HUB_BLAME = Head(
    "Hub held by",
    "percentunit",
    "Share of the time, by why. cpu: our code computed; the log's `hub held` line names it, move it to the hub's threadpool. "
    "blocked: a call that gevent does not know. gil: another thread. frozen: it got no processor, look at the machine below.",
)

HUB_GREENLETS = Head(
    "Greenlets",
    "short",
    "Greenlets that exist, by worker. Climbing at steady traffic: they are spawned and never end.",
)

PROCESS_CPU = Head(
    "Processor by worker",
    "percentunit",
    "Of one core. Very uneven: long-lived connections stick to one worker.",
)

PROCESS_MEMORY = Head(
    "Memory by worker",
    "bytes",
    "Resident. All climbing alike is a leak; one alone served something large.",
)

PROCESS_FILES = Head(
    "Open files",
    "short",
    "Sockets count, too. Climbing: connections that nobody closes.",
)

PROCESS_SHARE = Head(
    "Open files, of the limit",
    "percentunit",
    "At 100 % nothing can be accepted or opened any more: raise `ulimit -n`, then find the leak.",
)

PROCESS_THREADS = Head(
    "Threads",
    "short",
    "Native threads by worker: the hub, its threadpool, the management port, the watch. Climbing: something starts one a request.",
)

PROCESS_RUNS = Head(
    "Garbage collections",
    "ops",
    "Runs by generation. Many of generation 2 stop the hub 30 ms and more each.",
)

PROCESS_FREED = Head(
    "Objects collected",
    "ops",
    "Objects in cycles that were freed, by generation. A jump with a release: new cycles are made on each request.",
)

PROCESS_STUCK = Head(
    "Objects that cannot be collected",
    "short",
    "Always 0; if not, something keeps what it should not, and that is a leak.",
)

MACHINE_CPU = Head(
    "Machine: processor",
    "percentunit",
    "All cores. High while our workers are low: something else on the machine takes it.",
)

MACHINE_MEMORY = Head(
    "Machine: memory in use",
    "percentunit",
    "Near 100 % the kernel kills a process, likely a worker: see Restarts.",
)

MACHINE_PARTS = Head(
    "Machine: memory",
    "bytes",
    "By state. `available` is what can still be taken without swapping.",
)

MACHINE_LOAD = Head(
    "Machine: load",
    "short",
    "Load averages, beside the number of processors. Above it for long: work queues for a core.",
)
