"""The Python files of this repository."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("telemetry", "service", "dashboards", "stack", "bench")


def files(*folders: str) -> list[Path]:
    """Return every Python file of the folders; of all folders by default."""
    return sorted(
        path for folder in folders or (*PACKAGES, "tests") for path in (ROOT / folder).rglob("*.py")
    )


def name(path: Path) -> str:
    """Return the path from the repository's root."""
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return every function and method of a module, nested ones included."""
    return (
        node
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def modules() -> list[str]:
    """Return the dotted name of every module of the packages."""
    dotted = (
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in files(*PACKAGES)
    )
    return [module.removesuffix(".__init__") for module in dotted]
