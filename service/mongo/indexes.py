"""The indexes of each collection: those its queries need, and none that another one covers.
"""

from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

LOGINS: Final = (IndexModel([("account_id", ASCENDING)]),)

GUESSES: Final = (IndexModel([("key", ASCENDING)]),)

CONVERSATIONS: Final = (IndexModel([("account_id", ASCENDING), ("_id", DESCENDING)]),)
# Stripe delivers again for three days, and when it is asked to for thirty.
PAYMENT_EVENTS: Final = (IndexModel([("claimed_at", ASCENDING)], expireAfterSeconds=30 * 86400),)
# GridFS's own on the chunks, as its specification has it; that on the files serves our lists
# instead of a search by name.
FILES: Final = (IndexModel([("metadata.owner_id", ASCENDING), ("uploadDate", DESCENDING)]),)

FILE_CHUNKS: Final = (IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], unique=True),)

FILE_RESERVATIONS: Final = (
    IndexModel([("owner_id", ASCENDING), ("begun_at", ASCENDING)]),
    IndexModel([("begun_at", ASCENDING)]),
)
