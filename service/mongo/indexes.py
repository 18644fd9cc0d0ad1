"""The indexes of each collection: those its queries need, and none that another one covers.

An index covers every query on a prefix of its keys, so there is no single-field index beside these;
a post's slug is its ``_id`` and has MongoDB's own unique index. A page is sorted by ``_id`` within
one instant, which no index holds: MongoDB keeps the best ``limit`` posts while it scans, which
costs less than a wider key in every index for posts that rarely share an instant.
"""

from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

POSTS: Final = (
    IndexModel([("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("category", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("tags", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
    IndexModel([("author", ASCENDING), ("status", ASCENDING)]),
    IndexModel([("author_id", ASCENDING), ("status", ASCENDING), ("published_at", DESCENDING)]),
)

LOGINS: Final = (IndexModel([("account_id", ASCENDING)]),)

GUESSES: Final = (IndexModel([("key", ASCENDING)]),)

CONVERSATIONS: Final = (IndexModel([("account_id", ASCENDING), ("_id", DESCENDING)]),)

# GridFS's own on the chunks, as its specification has it; that on the files serves our lists
# instead of a search by name.
FILES: Final = (IndexModel([("metadata.owner_id", ASCENDING), ("uploadDate", DESCENDING)]),)

FILE_CHUNKS: Final = (IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True),)

FILE_RESERVATIONS: Final = (
    IndexModel([("owner_id", ASCENDING), ("begun_at", ASCENDING)]),
    IndexModel([("begun_at", ASCENDING)]),
)
