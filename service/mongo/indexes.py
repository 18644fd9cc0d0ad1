"""The indexes that the rooms' queries need, in one list that rooms add to.

They are created one by one at the first connection, or by ``python -m service.migrate`` where the
setting leaves it to an operator (``migration`` has the plan).
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pymongo import IndexModel
from pymongo.collection import Collection

_log: Final = logging.getLogger(__name__)

Document = dict[str, Any]
Keys = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Index:
    """One index.

    Args:
        collection: Where it is.
        model: Its keys and options.
    """

    collection: Collection[Document]
    model: IndexModel

    @property
    def name(self) -> str:
        """Its name in the database."""
        return str(self.model.document["name"])

    @property
    def keys(self) -> Keys:
        """Its fields and their directions, in order."""
        return keys_of(self.model.document)

    @property
    def is_unique(self) -> bool:
        """Whether two documents may not have the same keys."""
        return bool(self.model.document.get("unique"))

    def create(self, **options: Any) -> None:
        """Create it, unless it exists.

        Args:
            options: Of the command.
        """
        # Alone: FerretDB 1.24 panics on a createIndexes that names two indexes it already has.
        self.collection.create_indexes([self.model], **options)


def keys_of(index: Any) -> Keys:
    """Return the fields of an index as the server or the driver describes it, in order."""
    return tuple((str(name), _direction(value)) for name, value in index["key"].items())


def _direction(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)  # the server may return 1.0


class Indexes:
    """The list of a process."""

    def __init__(self) -> None:
        self._indexes: list[Index] = []

    def __iter__(self) -> Iterator[Index]:
        return iter(self._indexes)

    def add(self, collection: Collection[Document], *models: IndexModel) -> None:
        """Add indexes of a collection."""
        self._indexes += [Index(collection, model) for model in models]

    def create(self) -> None:
        """Create those that are missing."""
        for index in self._indexes:
            index.create()
