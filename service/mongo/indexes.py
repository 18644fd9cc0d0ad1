"""The indexes of each collection: those its queries need, and none that another one covers."""

from typing import Final

from pymongo import ASCENDING, IndexModel

LOGINS: Final = (IndexModel([("account_id", ASCENDING)]),)

GUESSES: Final = (IndexModel([("key", ASCENDING)]),)

# Stripe delivers again for three days, and when it is asked to for thirty.
PAYMENT_EVENTS: Final = (IndexModel([("claimed_at", ASCENDING)], expireAfterSeconds=30 * 86400),)
