"""The Members board's refusals, files and blog: opened when one of them is in question."""

from typing import Final

from dashboards import config
from dashboards.layout import Band, Section
from dashboards.panels import Heatmap, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import members as queries

LIMITS: Final = Section(
    "Why? Limits and refusals",
    Band(
        7,
        TimeSeries(
            title="Rate-limited requests by group",
            unit="reqps",
            description=(
                "429s by the rate limit group of their route. One group: a client in a loop, or a"
                " limit that is too low. The access log has the addresses, `status` 429."
            ),
            targets=(Target(queries.RATE_LIMITED, "{{group}}"),),
        ),
        TimeSeries(
            title="Rate limit fallbacks",
            unit="short",
            description=(
                "Requests that a worker counted in its own memory because Redis did not count."
                " Limits then apply to each worker separately; see the health report."
            ),
            targets=(Target(queries.FALLBACKS, "requests"),),
        ),
        TimeSeries(
            title="Unauthorized requests",
            unit="reqps",
            description=(
                "401s and 403s of protected routes, by reason. Many expired: a client does not"
                " refresh its token. not_yet_valid: the clocks of two servers differ. key or"
                " signature: a signing key was removed too early, or tokens are forged. missing:"
                " the client is not logged in. role: a client offers what its account may not do."
                " The access log has the reason as `refusal`."
            ),
            targets=(Target(queries.UNAUTHORIZED, "{{reason}}"),),
        ),
        TimeSeries(
            title="Requests that MongoDB failed",
            unit="reqps",
            shades_of=config.BAD,
            description=(
                "Requests that ended with an error of MongoDB, by kind; the log states what to"
                " check. unauthorized, storage_full and configuration last until a person acts;"
                " invalid and resources are mistakes of the service."
            ),
            targets=(Target(queries.DATABASE_FAILURES, "{{kind}}"),),
        ),
    ),
)

FILES: Final = Section(
    "Why? Files",
    Band(
        9,
        TimeSeries(
            title="Uploads",
            unit="reqps",
            description=(
                "Uploads by result. no_room: quotas are full. type_refused: content of a type that"
                " is not accepted, whatever the file name. broken: the client disconnected."
            ),
            targets=(Target(queries.UPLOADS, "{{result}}"),),
        ),
        Heatmap(
            title="File sizes",
            unit="decbytes",
            description=(
                "Sizes of the stored files. A band near the limit of 25 MiB: members upload videos,"
                " or split them."
            ),
            buckets=queries.UPLOAD_BUCKETS,
        ),
        TimeSeries(
            title="Bytes stored",
            unit="Bps",
            description="Growth of the stored files. The database keeps them: monitor its disk.",
            targets=(Target(queries.UPLOAD_BYTES, "stored"),),
        ),
    ),
    collapsed=True,
)

BLOG: Final = Section(
    "Why? The blog",
    Band(
        7,
        StackedTimeSeries(
            title="Post reads",
            unit="reqps",
            description=(
                "Requests for a post, by result. Many of not_found: a broken link or a crawler."
            ),
            targets=(Target(queries.POST_READS, "{{result}}"),),
        ),
        TimeSeries(
            title="Post lists",
            unit="reqps",
            description=(
                "Requests for a list of posts, by filter. A filter whose use grows may lack an"
                " index: board MongoDB."
            ),
            targets=(Target(queries.POST_LISTS, "{{filter}}"),),
        ),
        TimeSeries(
            title="Post writes",
            unit="reqps",
            description=(
                "Changes by authors, by action and result. conflict: two authors edit the same"
                " post."
            ),
            targets=(Target(queries.POST_WRITES, "{{action}}: {{result}}"),),
        ),
    ),
    collapsed=True,
)
