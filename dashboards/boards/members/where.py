"""The Members board's subjects: sessions, companion, files, accounts and blog, each by result."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import Heatmap, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import members as queries

_SESSIONS = Band(
    8,
    TimeSeries(
        title="Bookings",
        unit="reqps",
        description=(
            "Bookings by result. Many taken: members compete for few slots. Recovered: the request"
            " ended after the payment and before the booking."
        ),
        targets=(Target(queries.BOOKINGS, "{{result}}"),),
    ),
    TimeSeries(
        title="Payments",
        unit="reqps",
        description=(
            "Calls to the payment provider, by operation and result. Unavailable: no answer in"
            " time. Declined: by the member's bank."
        ),
        targets=(Target(queries.PAYMENTS, "{{operation}}: {{result}}"),),
    ),
    TimeSeries(
        title="Webhook events",
        unit="reqps",
        description=(
            "Events from the payment provider, by result. Rejected: the signature is invalid,"
            " because of a wrong secret or a forged request."
        ),
        targets=(Target(queries.PAYMENT_EVENTS, "{{result}}"),),
    ),
    TimeSeries(
        title="Refunds",
        unit="short",
        description=(
            "States that refunds have got at the payment provider. failed and canceled: the member"
            " has not got the money back; the log names the refund, and a person has to pay it back"
            " in another way."
        ),
        targets=(Target(queries.REFUNDS, "{{status}}"),),
    ),
)

_COMPANION = Band(
    8,
    StackedTimeSeries(
        title="Companion answers by result",
        unit="reqps",
        description=(
            "Messages to the companion. rejected: the worker's maximum of concurrent model calls"
            " was reached. circuit_open: the model failed before."
        ),
        targets=(Target(queries.COMPANION_ANSWERS, "{{result}}"),),
    ),
    TimeSeries(
        title="Companion answer time",
        unit="s",
        description=(
            "Time until a message was answered completely. It occupies no shared resource, so only"
            " the sender waits."
        ),
        targets=(
            Target(queries.COMPANION_P50, "p50"),
            Target(queries.COMPANION_P95, "p95", exemplars=True),
        ),
    ),
    Heatmap(
        title="Companion answer time, distribution",
        unit="s",
        description=(
            "Number of answers by duration; dots are requests with a trace. A band at the time-out:"
            " the model hangs."
        ),
        buckets=queries.COMPANION_BUCKETS,
    ),
)

_FILES = Band(
    8,
    TimeSeries(
        title="Uploads",
        unit="reqps",
        description=(
            "Uploads by result. no_room: quotas are full. type_refused: content of a type that is"
            " not accepted, whatever the file name. broken: the client disconnected."
        ),
        targets=(Target(queries.UPLOADS, "{{result}}"),),
    ),
    Heatmap(
        title="File sizes",
        unit="bytes",
        description=(
            "Sizes of the stored files. A band near the limit of 25 MiB: members upload videos, or"
            " split them."
        ),
        buckets=queries.UPLOAD_BUCKETS,
    ),
    TimeSeries(
        title="Bytes stored",
        unit="Bps",
        description="Growth of the stored files. The database keeps them: monitor its disk.",
        targets=(Target(queries.UPLOAD_BYTES, "stored"),),
    ),
)

_ACCOUNTS_AND_BLOG = Band(
    7,
    TimeSeries(
        title="Logins",
        unit="reqps",
        description=(
            "Logins, renewals and registrations by result. Many failed or limited logins: a"
            " password attack. Reuse: a stolen refresh token, or a client that keeps old ones; the"
            " login has ended. Many registrations of taken e-mails: a search for accounts."
        ),
        targets=(
            Target(queries.LOGINS, "login: {{result}}"),
            Target(queries.RENEWALS, "renewal: {{result}}"),
            Target(queries.REGISTRATIONS, "registration: {{result}}"),
        ),
    ),
    TimeSeries(
        title="Post reads",
        unit="reqps",
        description="Requests for a post, by result. Many not found: a broken link or a crawler.",
        targets=(Target(queries.POST_READS, "{{result}}"),),
    ),
    TimeSeries(
        title="Post lists",
        unit="reqps",
        description=(
            "Requests for a list of posts, by filter. A filter whose use grows may lack an index:"
            " board MongoDB."
        ),
        targets=(Target(queries.POST_LISTS, "{{filter}}"),),
    ),
    TimeSeries(
        title="Post writes",
        unit="reqps",
        description=(
            "Changes by authors, by action and result. Conflicts: two authors edit the same post."
        ),
        targets=(Target(queries.POST_WRITES, "{{action}}: {{result}}"),),
    ),
)

SECTION: Final = Section("Where?", _SESSIONS, _COMPANION, _FILES, _ACCOUNTS_AND_BLOG)
