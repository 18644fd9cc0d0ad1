"""``python ecmascript_patterns.py FLAG``: match patterns by V8, as browsers and Node do.

Reads an object of patterns with texts from standard input and writes, for each pattern, whether
each text matches. A process of its own: V8 starts threads, and the tests are monkey-patched.
"""

import json
import sys

from py_mini_racer import MiniRacer

MATCH = """
(cases, flag) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(cases)).map(
    ([pattern, texts]) => {
        const found = new RegExp(pattern, flag);
        return [pattern, texts.map((text) => found.test(text))];
    }
)))
"""

cases, flag = sys.stdin.read(), sys.argv[1]
print(MiniRacer().eval(f"({MATCH})({json.dumps(cases)}, {json.dumps(flag)})"))
