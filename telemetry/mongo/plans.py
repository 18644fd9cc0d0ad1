"""How a server finds the documents of a command: what to ask, and what its response means.

A write is explained as the read of the documents that it would change, so that nothing can be
written whatever the server makes of ``explain``. Of the response only the names of stages and
indexes are kept, never a value.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_OPTIONS: Final = ("sort", "hint", "limit", "skip", "collation", "min", "max", "let")
_SEARCHED: Final = {
    "find": ("filter", *_OPTIONS),
    "count": ("query", "hint", "limit", "skip", "collation"),
    "distinct": ("key", "query", "hint", "collation"),
    "aggregate": ("pipeline", "hint", "collation", "let"),
}
"""Members that decide the plan of a read."""
_STATEMENTS: Final = {"update": "updates", "delete": "deletes"}
_WRITING_STAGES: Final = frozenset({"$out", "$merge"})
_LIVE_STAGES: Final = frozenset({"$changeStream", "$currentOp", "$indexStats", "$collStats"})

MOST_STAGES: Final = 6
MAX_CHARACTERS: Final = 200
MAX_DEPTH: Final = 20


class Refusal(NamedTuple):
    """The reason for which a command has no plan."""

    reason: str


class Plan(NamedTuple):
    """How a server finds the documents of a command.

    Args:
        stages: Names of the stages from the last to the first, each with its index where it has
            one; ``COLLSCAN`` reads the whole collection.
        documents_examined: That the server read, where it counted them.
        keys_examined: Of indexes.
        returned: Documents that were found.
    """

    stages: tuple[str, ...]
    documents_examined: int | None = None
    keys_examined: int | None = None
    returned: int | None = None

    @property
    def is_scan(self) -> bool:
        """Whether it reads the whole collection."""
        return any(stage.startswith("COLLSCAN") for stage in self.stages)

    def __str__(self) -> str:
        text = " < ".join(self.stages)[:MAX_CHARACTERS]
        if self.documents_examined is None:
            return text
        returned = "" if self.returned is None else f", {self.returned} returned"
        keys = f" and {self.keys_examined} keys" if self.keys_examined else ""
        return f"{text}; {self.documents_examined} documents{keys} examined{returned}"


def to_explain(name: str, command: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """Return the command that explains another one, or the reason for a refusal.

    Args:
        name: The command that ran, such as ``update``.
        command: Its document.
    """
    if name == "getMore":
        return Refusal("it goes on with a cursor, whose first command has the plan")
    if name == "findAndModify":
        return _as_find(command.get(name), command, command.get("query"))
    if name in _STATEMENTS:
        statements = command.get(_STATEMENTS[name])
        if not statements:
            return Refusal("its statements are not known")
        return _as_find(command.get(name), statements[0], statements[0].get("q"))
    members = _SEARCHED.get(name)
    if members is None:
        return Refusal(f"{name} searches nothing that could be explained")
    explained = {
        name: command.get(name),
        **{key: command[key] for key in members if key in command},
    }
    return _without_writes(explained) if name == "aggregate" else explained


def _as_find(collection: object, source: Mapping[str, Any], wanted: object) -> dict[str, Any]:
    options = {key: source[key] for key in ("sort", "hint", "collation") if source.get(key)}
    return {"find": collection, "filter": wanted or {}, **options}


def _without_writes(explained: dict[str, Any]) -> dict[str, Any] | Refusal:
    stages = []
    for stage in explained.get("pipeline", ()):
        operator = next(iter(stage), "")
        if operator in _LIVE_STAGES:
            return Refusal(f"{operator} has no plan")
        if operator in _WRITING_STAGES:
            break
        stages.append(stage)
    return {**explained, "pipeline": stages, "cursor": {}}


def plan_of(response: Mapping[str, Any]) -> Plan | Refusal:
    """Read a server's response to ``explain``.

    Args:
        response: Of MongoDB with either of its engines, sharded or not, or of FerretDB.

    Source: MongoDB's manual, "Explain Results"; SQLite's "EXPLAIN QUERY PLAN".
    """
    winning = next(_members(response, "winningPlan"), None)
    if isinstance(winning, Mapping):
        stages = tuple(_stages(winning, 0))[:MOST_STAGES]
    else:
        lines = next(_members(response, "Plan"), ())
        stages = tuple(_stage_of_sqlite(str(line)) for line in lines[:MOST_STAGES])
    if not stages:
        return Refusal("the server's response has none")
    counted = next(_members(response, "executionStats"), None)
    return Plan(stages, *_counts(counted)) if isinstance(counted, Mapping) else Plan(stages)


def _counts(counted: Mapping[str, Any]) -> Iterator[int | None]:
    for member in ("totalDocsExamined", "totalKeysExamined", "nReturned"):
        value = counted.get(member)
        yield int(value) if isinstance(value, int | float) else None


def _members(value: Any, name: str, depth: int = 0) -> Iterator[Any]:
    """Yield the members of that name, the outermost first."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, Mapping):
        if name in value:
            yield value[name]
        for each in value.values():
            yield from _members(each, name, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _members(each, name, depth + 1)


def _stages(plan: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield the stages of a plan, from the one that returns to those that read."""
    if depth > MAX_DEPTH:
        return
    stage = plan.get("stage")
    if isinstance(stage, str):
        index = plan.get("indexName")
        yield f"{stage} {index}" if isinstance(index, str) else stage
    for member in ("queryPlan", "inputStage", "outerStage", "innerStage"):
        inner = plan.get(member)
        if isinstance(inner, Mapping):
            yield from _stages(inner, depth + 1)
    for member in ("inputStages", "shards"):
        for inner in plan.get(member) or ():
            yield from _stages(inner.get("winningPlan", inner), depth + 1)


def _stage_of_sqlite(line: str) -> str:
    """Return MongoDB's name of a step of SQLite, which FerretDB passes on.

    ``SCAN t`` reads a table; ``SEARCH t USING INDEX i (c=?)`` reads a part of it.
    """
    words = line.partition("detail=")[2].split()
    if words[:1] == ["SCAN"]:
        return "COLLSCAN"
    if words[:1] == ["SEARCH"] and "INDEX" in words[:-1]:
        return f"IXSCAN {words[words.index('INDEX') + 1]}"
    return " ".join(words[:2]) or "UNKNOWN"
