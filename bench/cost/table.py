"""The results as Markdown, ready to paste into ``docs/measurements.md``."""

from collections.abc import Iterator

from bench.cost.measuring import Delivery
from bench.cost.results import Results, Row, Series

HEADER = (
    "| | µs a request | ratio to bare | to bare, our worker | answers/s | p50 ms | p99 ms "
    "| MB, above bare | spans delivered of kept |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def tables(results: Results) -> str:
    """Return every table with its title."""
    return "\n\n".join(
        "\n".join((f"**{series.title}**", "", HEADER, *_lines(series))) for series in results.series
    )


def _lines(series: Series) -> Iterator[str]:
    for row in series.rows():
        yield f"| {' | '.join(_cells(row))} |"


def _cells(row: Row) -> tuple[str, ...]:
    name = row.name + (f" ({row.failures} failed)" if row.failures else "")
    return (
        name,
        row.cpu_us.format(0),
        "1" if row.ratio.least == row.ratio.most == 1 else row.ratio.format(2),
        f"{row.ratio_ours.median:.2f}" if row.ratio_ours else "",
        f"{row.per_second:.0f}",
        f"{row.p50_ms:.1f}",
        f"{row.p99_ms:.1f}",
        f"{row.resident_mb:.0f}, {row.more_mb:+.0f}",
        format_delivery(row.delivery),
    )


def format_delivery(delivery: Delivery | None) -> str:
    """Return ``share (delivered of kept)``."""
    if delivery is None or not delivery.kept:
        return ""
    share = delivery.delivered / delivery.kept
    return f"{share:.2%} ({delivery.delivered} of {delivery.kept})"
