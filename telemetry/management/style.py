"""The style sheet of the debug pages: light and dark, without a file of its own.

Colours keep a contrast of at least 4.5 to 1 for text and 3 to 1 for bars (WCAG 2.2, 1.4.3 and
1.4.11).
"""

import base64
import hashlib
from typing import Final

from telemetry.names import Phase

# By phase, light and dark.
PHASE_COLOURS: Final[dict[Phase, tuple[str, str]]] = {
    "queue": ("#8a6d00", "#d9b53c"),
    "cpu": ("#c2410c", "#fb923c"),
    "hub_wait": ("#b91c1c", "#f87171"),
    "db": ("#1d4ed8", "#7aa7ff"),
    "db_pool_wait": ("#6d28d9", "#b497ff"),
    "db_connect": ("#0e7490", "#4fd1e8"),
    "external": ("#047857", "#4ade9c"),
    "threadpool": ("#4d7c0f", "#a3d154"),
    "lock": ("#a21caf", "#e98af2"),
    "sleep": ("#64748b", "#94a3b8"),
    "client_read": ("#9d174d", "#f58ab8"),
    "client_write": ("#be185d", "#ff9ac4"),
    "gc": ("#78350f", "#d6a06c"),
    "other": ("#57606a", "#a0a8b0"),
}
SERIES_COLOURS: Final = (
    *(("#c2410c", "#fb923c"), ("#1d4ed8", "#7aa7ff"), ("#047857", "#4ade9c")),
    *(("#6d28d9", "#b497ff"), ("#b45309", "#f5b455"), ("#be185d", "#ff9ac4")),
    *(("#0e7490", "#4fd1e8"), ("#57606a", "#a0a8b0")),
)
"""For drawings without phases: the classes ``series-0`` to ``series-7``."""

_BASE: Final = """
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--soft:#f4f6f8;
--link:#0550ae;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e8ea;--dim:#a0a8b0;--line:#3a4149;
--soft:#1d2226;--link:#82b4ff;--bad:#ff8f85}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:78rem;padding:0 1.25rem 3rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
a{color:var(--link)}
a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible{outline:2px solid
var(--link);outline-offset:2px}
nav{border-bottom:1px solid var(--line);padding:.75rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;margin:0;padding:0}
nav a[aria-current]{color:var(--fg);font-weight:600;text-decoration:none}
h1{font-size:1.5rem;line-height:1.25;margin:1.5rem 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .5rem}
p{margin:.25rem 0 .75rem;max-width:70ch}
p.note,td.none{color:var(--dim)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;min-width:50%}
caption{clip-path:inset(50%);height:1px;overflow:hidden;position:absolute;width:1px}
th,td{border-bottom:1px solid var(--line);padding:.35rem .9rem .35rem 0;text-align:left;
vertical-align:top}
thead th{border-bottom:2px solid var(--line);color:var(--dim);font-weight:600;white-space:nowrap}
tbody th{font-weight:500;white-space:nowrap}
td.number,th.number{text-align:right;white-space:nowrap}
td pre,pre{font:12.5px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace;margin:0}
.lines{background:var(--soft);border:1px solid var(--line);border-radius:4px;overflow-x:auto;
padding:.6rem .8rem}
form{align-items:end;display:flex;flex-wrap:wrap;gap:.75rem 1rem;margin:.5rem 0}
label{color:var(--dim);display:grid;font-size:.85rem;gap:.2rem}
input,select,button{background:var(--bg);border:1px solid var(--dim);border-radius:4px;
color:var(--fg);font:inherit;padding:.25rem .5rem}
button{cursor:pointer}
svg{display:block;height:auto;max-width:100%}
svg text{fill:var(--fg);font:12px system-ui,-apple-system,"Segoe UI",sans-serif}
svg text.dim{fill:var(--dim)}
svg line{stroke:var(--line)}
svg .edge{fill:none;stroke:var(--line)}
"""


def _classes(light_or_dark: int) -> str:
    phases = {name.replace("_", "-"): colours for name, colours in PHASE_COLOURS.items()}
    rules = [f".phase-{name}{{fill:{each[light_or_dark]}}}" for name, each in phases.items()]
    rules += [f".series-{n}{{fill:{each[light_or_dark]}}}" for n, each in enumerate(SERIES_COLOURS)]
    return "".join(rules)


STYLE: Final = (
    f"{_BASE}{_classes(0)}\n@media(prefers-color-scheme:dark){{{_classes(1)}}}\n"
    "@media print{nav,form{display:none}}\n"
)

_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of the pages: nothing but their own style, whatever gets into them."""
