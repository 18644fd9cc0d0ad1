"""What rendering a post costs, by its size and for the worst 100 kB: ``python -m bench.markdown``.

CPU time of one rendering, sanitising included, best of three.
"""

import time

from service.blog.markdown import LONGEST_BODY_BYTES, Markdown

PROSE = (
    "Lorem *ipsum* dolor **sit** amet, [a link](https://example.org) and `code`.\n\n"
    "- one\n- two\n\n"
)
TEXTS = {
    "prose, 500 B": (PROSE * 6)[:500],
    "prose, 2 kB": (PROSE * 25)[:2000],
    "prose, 10 kB": (PROSE * 120)[:10_000],
    "prose, 100 kB": (PROSE * 1200)[:LONGEST_BODY_BYTES],
    "[, 100 kB": "[" * LONGEST_BODY_BYTES,
    "![, 50 kB": "![" * (LONGEST_BODY_BYTES // 4),
    "![, 100 kB": "![" * (LONGEST_BODY_BYTES // 2),
    "wide table, 100 kB": "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "a\n" * 48_000,
}


def cost_ms(markdown: Markdown, text: str) -> float:
    """Return the CPU time of one rendering, in milliseconds."""
    costs = []
    for _ in range(3):
        began = time.process_time()
        markdown.render(text)
        costs.append(time.process_time() - began)
    return min(costs) * 1e3


def main() -> None:
    """Print the table."""
    markdown = Markdown()
    for name, text in TEXTS.items():
        print(f"{name:20} {cost_ms(markdown, text):8.1f} ms")


if __name__ == "__main__":
    main()
