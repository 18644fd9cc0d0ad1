"""Keys of indexes, and indexes that another one makes redundant."""

from itertools import permutations

Keys = tuple[tuple[str, int], ...]


def listed(collection) -> dict[str, Keys]:
    """Return the keys of each index of a collection, by the index's name."""
    return {index["name"]: tuple(index["key"].items()) for index in collection.list_indexes()}


def redundant(indexes: dict[str, Keys]) -> list[str]:
    """Return the names of indexes whose keys are a prefix of another index, in either direction."""

    def covers(wide: Keys, narrow: Keys) -> bool:
        start = wide[: len(narrow)]
        return start == narrow or start == tuple((name, -direction) for name, direction in narrow)

    return sorted(
        {
            name
            for (other, wide), (name, narrow) in permutations(indexes.items(), 2)
            if covers(wide, narrow)
        }
    )
