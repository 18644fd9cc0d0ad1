"""Files and functions are short enough to be read at once."""

import pytest

from tests.architecture import sources

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 50


def test_no_file_exceeds_the_most_lines():
    lengths = {
        sources.name(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in sources.files()
    }
    assert {file: lines for file, lines in lengths.items() if lines > MOST_LINES_OF_A_FILE} == {}


@pytest.mark.slow
def test_no_function_exceeds_the_most_lines():
    lengths = {
        f"{sources.name(path)}:{function.lineno} {function.name}": (function.end_lineno or 0)
        - function.lineno
        + 1
        for path in sources.files()
        for function in sources.functions(sources.tree(path))
    }
    assert {
        function: lines for function, lines in lengths.items() if lines > MOST_LINES_OF_A_FUNCTION
    } == {}
