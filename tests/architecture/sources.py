"""The Python files of this repository that a person writes."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("telemetry", "service", "dashboards", "stack", "bench")


def files(*folders: str) -> list[Path]:
    """Every Python file of the folders, all of the repository's by default."""
    return sorted(
        path for folder in folders or (*PACKAGES, "tests") for path in (ROOT / folder).rglob("*.py")
    )


def name(path: Path) -> str:
    """The file as it is called in a report."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """The file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones included."""
    return (
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def modules() -> list[str]:
    """Every importable module of the packages, by its dotted name."""
    dotted = (
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in files(*PACKAGES)
    )
    return [module.removesuffix(".__init__") for module in dotted]
