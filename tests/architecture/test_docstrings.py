"""Modules, public classes and public functions have docstrings."""

import ast

from tests.architecture import sources


def test_every_module_has_a_docstring():
    without = [
        sources.name(path) for path in sources.files() if not ast.get_docstring(sources.tree(path))
    ]
    assert without == []


def is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a definition is a signature of ``typing.overload``, which the last one documents."""
    return any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list)


def test_every_public_class_and_function_has_a_docstring():
    public = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    without = [
        f"{sources.name(path)}:{node.lineno} {node.name}"
        for path in sources.files("telemetry", "service")
        for node in sources.tree(path).body
        if isinstance(node, public)
        and not node.name.startswith("_")
        and not is_overload(node)
        and not ast.get_docstring(node)
        and not _is_overload(node)
    ]
    assert without == []


def _is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    # The implementation has the docstring (ruff D418).
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list)
