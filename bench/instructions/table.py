"""The tables of ``docs/measurements.md`` about where a request's time goes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.cost.conditions import BARE, BARE_OURS
from bench.instructions.parts import PARTS

WHOLE: Final = "layer, every trace"
GOAL: Final = 1.3
"""Of a request with the layer to one without, both on the layer's worker."""
LEAST: Final = 500
"""Instructions by which a part must differ for a row of its own."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One condition.

    Args:
        name: In the table.
        group: See ``Condition``.
        instructions: Of a request.
        shares: Of each part, when sampled.
    """

    name: str
    group: str
    instructions: float
    shares: Mapping[str, float] = field(default_factory=dict)


def tables(found: Sequence[Counted], bare_us: float) -> str:
    """Return all tables.

    Args:
        found: Bare first.
        bare_us: Processor time of bare's request, the scale of every other.
    """
    bare = found[0].instructions
    scale = bare_us / bare
    lines = [*_totals(found, scale)]
    sampled = [one for one in found if one.shares]
    if sampled:
        lines += ["", *_parts(sampled, scale)]
    by_name = {one.name: one for one in sampled}
    if BARE_OURS in by_name and WHOLE in by_name:
        lines += ["", *_in_the_way(by_name[BARE_OURS], by_name[WHOLE])]
    return "\n".join(lines)


def _totals(found: Sequence[Counted], scale: float) -> Iterator[str]:
    bases = {one.name: one.instructions for one in found if one.name in (BARE, BARE_OURS)}
    whole = next((one.instructions for one in found if one.name == WHOLE), None)
    yield "| | instructions a request | to bare | to bare, our worker | µs, scaled | saves |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        ratios = [
            f"{one.instructions / bases[base]:.2f}" if base in bases else ""
            for base in (BARE, BARE_OURS)
        ]
        saved = f"{(whole - one.instructions) * scale:.0f} µs" if _is_part(one) and whole else ""
        cells = (one.name, _thousands(one.instructions), *ratios)
        yield f"| {' | '.join(cells)} | {one.instructions * scale:.0f} | {saved} |"


def _is_part(one: Counted) -> bool:
    return one.group == "part"


def _parts(sampled: Sequence[Counted], scale: float) -> Iterator[str]:
    yield f"| part | {' | '.join(one.name for one in sampled)} |"
    yield "|---" * (len(sampled) + 1) + "|"
    for part in PARTS:
        cells = [_part(one, part, scale) for one in sampled]
        if any(cells):
            yield f"| {part} | {' | '.join(cells)} |"


def _part(one: Counted, part: str, scale: float) -> str:
    share = one.shares.get(part, 0.0)
    if share < 0.0005:
        return ""
    instructions = share * one.instructions
    return f"{_thousands(instructions)}, {share:.1%}, {instructions * scale:.1f} µs"


def _thousands(instructions: float) -> str:
    return f"{instructions / 1e3:.0f} k"


def _in_the_way(bare: Counted, layer: Counted) -> Iterator[str]:
    """What the layer adds to a bare app on the same worker, by part, the largest first."""
    added = {
        part: layer.instructions * layer.shares.get(part, 0.0)
        - bare.instructions * bare.shares.get(part, 0.0)
        for part in PARTS
    }
    yield "| part | the layer adds | of bare, our worker |"
    yield "|---|---|---|"
    for part, more in sorted(added.items(), key=lambda each: -each[1]):
        if abs(more) >= LEAST:
            yield f"| {part} | {_thousands(more)} | {more / bare.instructions:+.3f} |"
    more = layer.instructions - bare.instructions
    yield f"| all | {_thousands(more)} | {more / bare.instructions:+.3f} |"
    yield f"| the goal | {_thousands((GOAL - 1) * bare.instructions)} | {GOAL - 1:+.3f} |"
