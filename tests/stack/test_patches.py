"""Patches of dependencies.

What of FerretDB is changed, that the module cache is not, and that a patch that does not fit stops
a build.
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
    """The Go of this machine."""
    return golang.find(paths.cache_directory()) or golang.fetch(paths.cache_directory())


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A copy of FerretDB's module, to be broken."""
    return Path(shutil.copytree(paths.MODULES / "ferretdb", tmp_path / "ferretdb"))


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def test_module_without_a_patch_is_built_as_it_is(go: Go, module: Path, scratch: Path) -> None:
    shutil.rmtree(module / patches.FOLDER)
    assert (patches.prepare(go, module, scratch), list(scratch.iterdir())) == ((), [])


@pytest.mark.e2e
def test_patched_copy_replaces_the_dependency_and_leaves_the_module_alone(
    go: Go, module: Path, scratch: Path
) -> None:
    before = {path: path.read_bytes() for path in module.rglob("*") if path.is_file()}
    assert patches.prepare(go, module, scratch) == ("-modfile", str(scratch / "go.mod"))
    source = scratch / "source"
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
def test_text_that_is_not_there_exactly_once_stops_the_build(
    go: Go, module: Path, scratch: Path, old: str, times: int
) -> None:
    (module / patches.FOLDER / "patch.toml").write_text(
        f'module = "github.com/FerretDB/FerretDB"\nadd = {{}}\n[[replace]]\nfile = "{SQLITE}/collection.go"\nold = "{old}"\nnew = ""\n'
    )
    with pytest.raises(StackError) as raised:
        patches.prepare(go, module, scratch)
    assert (
        str(raised.value)
        == f"collection.go has the text that a patch replaces {times} times, not once: {old}"
    )


@pytest.mark.e2e
def test_dependency_that_the_module_does_not_have_stops_the_build(
    go: Go, module: Path, scratch: Path
) -> None:
    (module / patches.FOLDER / "patch.toml").write_text(
        'module = "serene.test/missing"\nadd = {}\nreplace = []\n'
    )
    with pytest.raises(
        StackError, match=r"go mod download failed in stack/ferretdb: .*serene\.test/missing"
    ):
        patches.prepare(go, module, scratch)
