"""Markdown as HTML: supported syntax, removed content, and bounded cost."""

import re
import time
from html import unescape

import gevent
import pytest

from service.blog.markdown import LONGEST_BODY_BYTES, Markdown

LINK = 'rel="nofollow noopener noreferrer"'


@pytest.fixture(scope="module")
def markdown():
    return Markdown()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        (
            "# One\n\ntwo *three* **four** `five`",
            "<h1>One</h1>\n<p>two <em>three</em> <strong>four</strong> <code>five</code></p>\n",
        ),
        (
            "- a\n- b\n\n3. c",
            '<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol start="3">\n<li>c</li>\n</ol>\n',
        ),
        (
            "> a\n\n---\n\n```python\nx < 1\n```",
            "<blockquote>\n<p>a</p>\n</blockquote>\n<hr>\n<pre><code>x &lt; 1\n</code></pre>\n",
        ),
        (
            '[a](https://example.org "b")',
            f'<p><a href="https://example.org" title="b" {LINK}>a</a></p>\n',
        ),
        (
            "<https://example.org>",
            f'<p><a href="https://example.org" {LINK}>https://example.org</a></p>\n',
        ),
        ("[a](/api/v1/blog/posts/b#c)", f'<p><a href="/api/v1/blog/posts/b#c" {LINK}>a</a></p>\n'),
        (
            "![a](https://example.org/b.png)",
            '<p><img src="https://example.org/b.png" alt="a"></p>\n',
        ),
        (
            "|a|b|\n|:-|-:|\n|c|d|",
            '<table>\n<thead>\n<tr>\n<th style="text-align:left">a</th>\n'
            '<th style="text-align:right">b</th>\n</tr>\n</thead>\n'
            '<tbody>\n<tr>\n<td style="text-align:left">c</td>\n'
            '<td style="text-align:right">d</td>\n</tr>\n</tbody>\n</table>\n',
        ),
        ("a\\\nb 🙂 ü", "<p>a<br>\nb 🙂 ü</p>\n"),
    ],
)
def test_commonmark_and_tables_are_rendered(markdown, text, html):
    assert markdown.render(text) == html


ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//x.y></ScRiPt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mi//xlink:href='javascript:alert(1)'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<details open ontoggle=alert(1)>",
    "<a href='javascript:alert(1)'>a</a>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import '//x.y'</style>",
    "<base href=//x.y><form action=//x.y><input name=a></form>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](  javascript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](java&Tab;script:alert(1))",
    "[a](java&#10;script:alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](vbscript:msgbox(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[a](file:///etc/passwd)",
    "![a](javascript:alert(1))",
    "![a](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+)",
    "![a](data:image/png;base64,iVBORw0KGgo=)",
    "<javascript:alert(1)>",
    "<data:text/html,x>",
    "[a][b]\n\n[b]: javascript:alert(1)",
    '[a](https://x.y "\\" onmouseover=\\"alert(1)")',
    '!["onerror=alert(1) x="](https://x.y/z.png \'"onload=alert(1)\')',
    '[a](https://x.y/"onmouseover="alert(1))',
    '```x" onclick="alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "`<script>alert(1)</script>`",
    "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    "# <script>alert(1)</script>",
    "- > <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]
TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z]+(?:=\"[^\"]*\")?)*)>")
HEADINGS = {f"h{level}" for level in range(1, 7)}
ALLOWED = {
    "p",
    "blockquote",
    "ul",
    "ol",
    "li",
    "hr",
    "br",
    "pre",
    "code",
    "em",
    "strong",
    "a",
    "img",
    *HEADINGS,
}
ALLOWED |= {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("text", ATTACKS)
def test_active_content_is_removed(markdown, text):
    html = markdown.render(text)
    tags = TAG.findall(html)
    assert html.count("<") == len(tags)  # every other "<" is escaped
    attributes = [
        attribute for *_, some in tags for attribute in re.findall(r' ([a-z]+)="([^"]*)"', some)
    ]
    assert {name for _, name, _ in tags} <= ALLOWED
    assert {name for name, _ in attributes} <= {"href", "title", "rel", "src", "alt", "style"}
    # As a browser parses a URL: it skips control characters and spaces, and a scheme has only these
    # characters.
    urls = [
        re.sub(r"[\x00-\x20]", "", unescape(value))
        for name, value in attributes
        if name in ("href", "src")
    ]
    assert {
        scheme[1].lower()
        for url in urls
        if (scheme := re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", url))
    } <= {"https"}


EVIL = {
    "brackets": "[" * LONGEST_BODY_BYTES,
    "images": "![" * (LONGEST_BODY_BYTES // 2),
    "links": "[a](" * (LONGEST_BODY_BYTES // 4),
    "quotes": ">" * LONGEST_BODY_BYTES,
    "lists": "".join("  " * depth + "- a\n" for depth in range(300)),
    "stars": "*" * LONGEST_BODY_BYTES,
    "emphasis": "*a **b " * (LONGEST_BODY_BYTES // 7),
    "code": "".join("`" * length + " " for length in range(1, 440)),
    "references": "[a]: /u\n" + "[a]" * 33_000,
    "table": "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "a\n" * 48_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVIL)
def test_rendering_time_is_bounded(markdown, kind):
    began = time.process_time()
    assert "<script" not in markdown.render(EVIL[kind])
    assert (
        time.process_time() - began < 30
    )  # the worst takes 3 s; a quadratic one would take minutes


@pytest.mark.slow
def test_rendering_does_not_block_the_hub(markdown):
    turns = 0

    def count():
        nonlocal turns
        while True:
            gevent.sleep(0.001)
            turns += 1

    counting = gevent.spawn(count)
    markdown.render(EVIL["brackets"])
    counting.kill()
    assert turns > 10


def test_cache_evicts_the_oldest_rendering(markdown):
    texts = [f"text {number}" for number in range(70)]
    assert [markdown.render_cached(text) for text in texts] == [
        f"<p>{text}</p>\n" for text in texts
    ]
    assert list(markdown._cache) == texts[-64:]
    assert markdown.render_cached("text 69") is markdown.render_cached("text 69")
