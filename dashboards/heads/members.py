"""What the panels of the Members board say of themselves.

A title, a unit, and a description: what it shows, and what to do when it looks bad.
"""

from dashboards.config import OBJECTIVES
from dashboards.panels import Head

NOW = OBJECTIVES.now_window

VERDICTS_PAYMENTS = Head(
    "Payments not made",
    "percentunit",
    f"Share of calls to the payment provider over {NOW} that had no answer or a wrong one; a declined card is not one of them. Bad: look "
    "at Payments below and at the provider's status page. What became of each, the recovery pass finds out.",
)
VERDICTS_COMPANION = Head(
    "Messages not answered",
    "percentunit",
    f"Share of messages to the companion over {NOW} that were not answered: timed out, failed, or refused because the model is away. "
    "Bad: see Answers by outcome below. Whoever may be in danger has got the help lines all the same.",
)
VERDICTS_COMPANION_P95 = Head(
    "Companion p95",
    "s",
    "One answer in twenty takes longer. The model's pace, not ours: open a dot of the distribution below as a trace.",
)
VERDICTS_CIRCUIT = Head(
    "Circuits open",
    "short",
    "Workers that leave the model alone because it failed several times in a row. They try again by themselves; the log says since when.",
)
VERDICTS_UPLOADS = Head(
    "Uploads lost",
    "percentunit",
    f"Share of uploads over {NOW} that failed on our side or took too long. Bad: the database has no room or is slow, board MongoDB.",
)
VERDICTS_LIMITED = Head(
    "Refused as too many",
    "reqps",
    "Requests that were one too many for their account or address. A jump is one client in a loop, or limits that are too tight.",
)
BOOKINGS = Head(
    "Bookings",
    "reqps",
    "What came of bookings, by outcome. Many taken: members race for few slots. Recovered: requests died between money and booking.",
)
PAYMENTS = Head(
    "Payments",
    "reqps",
    "Calls to the payment provider, by what and outcome. Unavailable: no answer in time. Declined: the member's bank.",
)
PAYMENT_EVENTS = Head(
    "Events of the provider",
    "reqps",
    "What the webhook brought, by what became of it. Rejected ones carry no good signature: a wrong secret, or somebody who tries.",
)
COMPANION_ANSWERS = Head(
    "Answers by outcome",
    "reqps",
    "Messages to the companion. Rejected: as many calls under way as a worker makes. circuit_open: the model failed before.",
)
COMPANION_LATENCY = Head(
    "Time to answer",
    "s",
    "Until a message was answered whole. It holds nothing that others need, so only who asked waits.",
)
COMPANION_HEAT = Head(
    "Time to answer, distribution",
    "s",
    "How many answers took how long; dots are requests that have a trace. A band at the time-out is a model that hangs.",
)
UPLOADS = Head(
    "Uploads",
    "reqps",
    "Files by outcome. no_room: quotas are full. type_refused: content that is not taken, whatever its name. broken: the client left.",
)
UPLOAD_SIZES = Head(
    "Sizes of files",
    "bytes",
    "How large the files are that were taken. A band near the limit of 25 MiB: members send videos, or split them.",
)
UPLOAD_BYTES = Head(
    "Bytes taken in",
    "Bps",
    "How fast stored files grow. The database keeps them: watch its disk.",
)
LOGINS = Head(
    "Logins",
    "reqps",
    "Attempts to log in, by outcome. Many failures or limited ones: somebody guesses passwords.",
)
POST_READS = Head(
    "Posts read",
    "reqps",
    "Posts asked for, by outcome. Many not found: a broken link somewhere, or a crawler.",
)
POST_LISTS = Head(
    "Pages of the blog",
    "reqps",
    "Pages asked for, by filter used. A filter that got popular may miss its index: board MongoDB.",
)
POST_WRITES = Head(
    "Posts written",
    "reqps",
    "Changes by authors, by what and outcome. Conflicts: two write at one post.",
)
COMPANION_CALLS = Head(
    "Calls of the model under way",
    "short",
    "By worker. At the bulkhead's size further messages are refused: the model is slow, or there are too few workers.",
)
COMPANION_CIRCUIT = Head(
    "Circuit",
    "short",
    "Workers in each state. Open: no calls. Half open: one is let through to see.",
)
EXTERNAL = Head(
    "Waiting for others",
    "s",
    "Seconds a second that requests spend waiting for other services, by route. Rising alone: that service got slower.",
)
MONEY = Head(
    "Booking and paying",
    "s",
    "Mean time of the routes of sessions. Paying waits for the provider: compare with Waiting for others.",
)
LIMITED = Head(
    "Refused as too many, by group",
    "reqps",
    "429s by the group of their route. The access log has the addresses, `status` 429.",
)
UNAUTHORIZED = Head(
    "Refused for their account",
    "reqps",
    "401s and 403s of protected routes. Many expired: a client does not renew. Many invalid: a key was changed, or somebody forges. "
    "Missing: who is not logged in. Role: a client shows what its account may not do.",
)
FALLBACKS = Head(
    "Counted without Redis",
    "short",
    "Requests that their worker counted for itself because Redis did not answer. Limits are then a worker's own; see the health report.",
)
