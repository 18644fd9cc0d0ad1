"""A module says its law in its first lines, and what others call says what it does."""

import ast

from tests.architecture import sources


def test_every_module_says_its_law():
    silent = [
        sources.name(path) for path in sources.files() if not ast.get_docstring(sources.tree(path))
    ]
    assert silent == []


def test_every_public_class_and_function_says_what_it_does():
    public = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    silent = [
        f"{sources.name(path)}:{node.lineno} {node.name}"
        for path in sources.files("telemetry", "service")
        for node in sources.tree(path).body
        if isinstance(node, public)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []
