"""The build cache: inputs of its key; builds that fail, succeed, or run twice at once.

With the real Go, on tiny modules.
"""

import dataclasses
import subprocess
import threading
from pathlib import Path

import pytest

from stack import golang, paths
from stack.backend import Backend
from stack.backends import BACKENDS
from stack.build import Builder, error_line
from stack.cluster.backends import TOOLS
from stack.errors import StackError
from stack.golang import Go

GO = Go(Path("/somewhere/go"), "go1.26.8", "linux/amd64")
TINY = Backend(
    name="tiny", ports={}, command=(), url="", ready="", module="tiny", packages={"tiny": "."}
)


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    module = tmp_path / "modules" / "tiny"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("module serene.test/tiny\n\ngo 1.24\n")
    (module / "main.go").write_text('package main\n\nfunc main() { println("hello") }\n')
    return module.parent


@pytest.fixture
def builder(tmp_path: Path, modules: Path) -> Builder:
    """A builder with this machine's Go."""
    return Builder(
        golang.find(paths.cache_directory()) or golang.fetch(paths.cache_directory()),
        tmp_path / "cache",
        modules,
    )


def test_key_is_the_same_for_the_same_inputs(tmp_path: Path, modules: Path) -> None:
    (modules / "tiny" / "README.md").write_text("not an input")
    assert Builder(GO, tmp_path / "a", modules).key(TINY) == Builder(
        GO, tmp_path / "b", modules
    ).key(TINY)


@pytest.mark.parametrize(
    "changed", ["source", "go.sum", "patch", "tags", "linked", "packages", "version", "platform"]
)
def test_key_changes_with_each_input(tmp_path: Path, modules: Path, changed: str) -> None:
    before = Builder(GO, tmp_path, modules).key(TINY)
    go, backend = GO, TINY
    match changed:
        case "source":
            (modules / "tiny" / "main.go").write_text("package main\n\nfunc main() {}\n")
        case "go.sum":
            (modules / "tiny" / "go.sum").write_text("example.com/x v1.0.0 h1:AAAA=\n")
        case "patch":
            (modules / "tiny" / "patch").mkdir()
            (modules / "tiny" / "patch" / "patch.toml").write_text('module = "example.com/x"')
        case "tags":
            backend = dataclasses.replace(TINY, tags="remove_all_sd")
        case "linked":
            backend = dataclasses.replace(TINY, linked={"main.version": "v1"})
        case "packages":
            backend = dataclasses.replace(TINY, packages={"tiny": "./cmd"})
        case "version":
            go = dataclasses.replace(GO, version="go1.27.3")
        case "platform":
            go = dataclasses.replace(GO, platform="darwin/arm64")
    assert Builder(go, tmp_path, modules).key(backend) != before


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (
            "runtime\nexample.com/x\n# example.com/x\n./main.go:3:1: undefined: foo\nnet/http\n",
            "./main.go:3:1: undefined: foo",
        ),
        (
            "go: downloading a v1\ngo: a@v1: reading proxy: no such host\n",
            "go: a@v1: reading proxy: no such host",
        ),
        ("", "Go printed nothing"),
    ],
)
def test_error_line_is_the_last_that_is_not_progress(log: str, line: str) -> None:
    assert error_line(log) == line


def test_every_built_backend_has_a_module_with_pinned_sums() -> None:
    built = {backend.module for backend in (*BACKENDS, *TOOLS.values()) if backend.module}
    assert {path.parent.name for path in paths.MODULES.glob("*/go.sum")} == built


@pytest.mark.e2e
def test_built_command_runs_and_is_not_built_again(builder: Builder) -> None:
    assert not builder.is_built(TINY)
    directory = builder.build(TINY)
    run = subprocess.run([directory / "tiny"], capture_output=True, text=True, check=True)
    assert (builder.is_built(TINY), run.stderr) == (True, "hello\n")
    built_ns = (directory / "tiny").stat().st_mtime_ns
    assert builder.build(TINY) == directory
    assert (directory / "tiny").stat().st_mtime_ns == built_ns


@pytest.mark.e2e
def test_failed_build_is_one_line_and_leaves_only_its_log(builder: Builder, modules: Path) -> None:
    (modules / "tiny" / "main.go").write_text("package main\n\nfunc main() { foo() }\n")
    with pytest.raises(StackError) as raised:
        builder.build(TINY)
    assert str(raised.value) == (
        "building tiny (. in stack/tiny) failed with exit status 1: ./main.go:3:15: undefined: foo "
        f"(whole log: {builder.log_path(TINY)})"
    )
    assert not builder.is_built(TINY)
    assert sorted(path.name for path in builder.cache.iterdir()) == ["locks", "logs"]


@pytest.mark.e2e
def test_two_builds_at_once_build_once(builder: Builder) -> None:
    found: list[tuple[Path, int]] = []

    def build() -> None:
        directory = builder.build(TINY)
        found.append((directory, (directory / "tiny").stat().st_ino))

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1]


@pytest.mark.e2e
def test_folder_of_a_killed_build_is_removed(builder: Builder) -> None:
    abandoned = builder.cache / f".{builder.directory(TINY).name}-abandoned"
    abandoned.mkdir(parents=True)
    builder.build(TINY)
    assert not abandoned.exists()
