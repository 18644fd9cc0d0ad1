"""Patches of a backend's Go dependencies before the build: a copy, pinned by go.sum, is changed.

For behaviour without a setting upstream. Each TOML file in a module's folder patch/ is a patch, and
gives the reason: the dependency's `module`, the files to `add` (path in the dependency to file
beside the patch), and texts to `replace`, each of which must occur exactly once, so that the patch
has to be reviewed for each version of the dependency. The Go module cache is never changed.
"""

import shutil
import subprocess
import tomllib
from pathlib import Path

from stack import golang
from stack.errors import StackError, last_line
from stack.golang import Go

FOLDER = "patch"


def prepare(go: Go, module: Path, scratch: Path) -> tuple[str, ...]:
    """Patch copies of dependencies in `scratch`; does nothing for a `module` without a patch.

    Args:
        go: fetches the dependencies, as any build does.
        module: the folder of the backend's Go module.
        scratch: an empty folder, kept until the build has ended.

    Returns: the flags with which `go build` uses the patched copies.
    Raises: StackError naming the file whose text the patch does not match, or with Go's error.
    """
    patches = sorted((module / FOLDER).glob("*.toml"))
    if not patches:
        return ()
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(module / name, scratch / name)
    for file in patches:
        _patch(go, module, file, scratch)
    return ("-modfile", str(scratch / "go.mod"))


def _patch(go: Go, module: Path, file: Path, scratch: Path) -> None:
    patch = tomllib.loads(file.read_text())
    source = scratch / file.stem
    shutil.copytree(_fetched(go, module, patch["module"]), source, copy_function=shutil.copyfile)
    _make_writable(source)
    for path, name in patch["add"].items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.parent / name, source / path)
    for change in patch.get("replace", ()):
        _replace(source / change["file"], change["old"], change["new"])
    _go(go, module, "mod", "edit", f"-replace={patch['module']}={source}", str(scratch / "go.mod"))


def _fetched(go: Go, module: Path, dependency: str) -> Path:
    _go(go, module, "mod", "download", dependency)
    return Path(_go(go, module, "list", "-m", "-f", "{{.Dir}}", dependency).strip())


def _make_writable(folder: Path) -> None:
    # Copies of the module cache's folders are read-only, as it is.
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    if text.count(old) != 1:
        raise StackError(
            f"{file.name} has the text that a patch replaces {text.count(old)} times, not once: "
            f"{old.strip()}"
        )
    file.write_text(text.replace(old, new))


def _go(go: Go, module: Path, *arguments: str) -> str:
    done = subprocess.run(
        [go.binary, *arguments],
        cwd=module,
        env=golang.environment(go),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        raise StackError(
            f"go {' '.join(arguments[:2])} failed in stack/{module.name}: {last_line(done.stderr)}"
        )
    return done.stdout
