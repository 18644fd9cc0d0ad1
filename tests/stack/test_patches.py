"""Patches of dependencies.

The changes to FerretDB, the untouched module cache, and patches that do not fit.
"""

import shutil
from pathlib import Path

import pytest

from stack import golang, patches, paths
from stack.errors import StackError
from stack.golang import Go

SQLITE = Path("internal/backends/sqlite")


@pytest.fixture
def go() -> Go:
    """This machine's Go."""
    return golang.find(paths.cache_directory()) or golang.fetch(paths.cache_directory())


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A copy of FerretDB's module, which a test may change."""
    return Path(shutil.copytree(paths.MODULES / "ferretdb", tmp_path / "ferretdb"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_module_without_a_patch_is_not_changed(go: Go, module: Path, scratch: Path) -> None:
    shutil.rmtree(module / patches.FOLDER)
    assert (patches.prepare(go, module, scratch), list(scratch.iterdir())) == ((), [])


@pytest.mark.e2e
def test_patched_copy_replaces_the_dependency_and_leaves_the_module_unchanged(
    go: Go, module: Path, scratch: Path
) -> None:
    before = {path: path.read_bytes() for path in module.rglob("*") if path.is_file()}
    assert patches.prepare(go, module, scratch) == ("-modfile", str(scratch / "go.mod"))
    source = scratch / "patch"
    assert f"replace github.com/FerretDB/FerretDB => {source}" in (scratch / "go.mod").read_text()
    assert (source / SQLITE / "pushdown.go").read_bytes() == (
        module / "patch" / "pushdown.go"
    ).read_bytes()
    assert (
        """IDColumn = DefaultColumn + "->'_id'"\n"""
        in (source / SQLITE / "metadata" / "metadata.go").read_text()
    )
    assert (source / SQLITE / "collection.go").read_text().count(
        "whereClause, args = pushdown(params.Filter)\n"
    ) == 2
    assert {path: path.read_bytes() for path in module.rglob("*") if path.is_file()} == before


@pytest.mark.e2e
@pytest.mark.parametrize(("old", "times"), [("no such text", 0), ("func (c *collection)", 10)])
def test_text_that_does_not_occur_exactly_once_stops_the_build(
    go: Go, module: Path, scratch: Path, old: str, times: int
) -> None:
    (module / patches.FOLDER / "patch.toml").write_text(
        'module = "github.com/FerretDB/FerretDB"\nadd = {}\n[[replace]]\n'
        f'file = "{SQLITE}/collection.go"\nold = "{old}"\nnew = ""\n'
    )
    with pytest.raises(StackError) as raised:
        patches.prepare(go, module, scratch)
    assert (
        str(raised.value)
        == f"collection.go has the text that a patch replaces {times} times, not once: {old}"
    )


@pytest.mark.e2e
def test_unknown_dependency_stops_the_build(go: Go, module: Path, scratch: Path) -> None:
    (module / patches.FOLDER / "patch.toml").write_text(
        'module = "serene.test/missing"\nadd = {}\nreplace = []\n'
    )
    with pytest.raises(
        StackError, match=r"go mod download failed in stack/ferretdb: .*serene\.test/missing"
    ):
        patches.prepare(go, module, scratch)
