"""The indexes of each collection: those its queries need, and none that another one covers."""

from typing import Final

from pymongo import ASCENDING, IndexModel

LOGINS: Final = (IndexModel([("account_id", ASCENDING)]),)

GUESSES: Final = (IndexModel([("key", ASCENDING)]),)
