"""Texts that the code holds: values of labels, log lines, paths."""

import ast
import re

from tests.support.boards import ROOT


def constants() -> set[str]:
    """Return every text that the code of the service, the layer and the stack holds."""
    found: set[str] = set()
    for folder in ("telemetry", "service", "stack", "dashboards"):
        for file in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            documented = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            found |= {
                node.value
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in documented
                and (folder != "dashboards" or re.fullmatch(r"[a-z_]+", node.value))
            }
            found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return found
