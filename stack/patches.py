"""Changes a dependency of a backend's Go module before the backend is built: a copy of it, pinned
by go.sum, with a few texts replaced.

For what has no setting upstream. A module asks for it by a file patch/patch.toml, which says why:
the dependency's `module`, the files to `add` (path in the dependency to file beside patch.toml),
and each text to `replace`, which must be there exactly once, so that another version of the
dependency cannot be built without a look at the patch. The Go module cache is never touched.
"""

import shutil
import subprocess
import tomllib
from pathlib import Path

from stack import golang
from stack.errors import StackError, last_line
from stack.golang import Go

FOLDER = "patch"
_FILE = "patch.toml"


def prepare(go: Go, module: Path, scratch: Path) -> tuple[str, ...]:
    """Patch a copy in `scratch` of what `module` wants patched; a `module` without a patch wants
    nothing.

    Args:
        go: fetches the dependency, as any build does.
        module: the folder of the backend's Go module.
        scratch: an empty folder; needed until the build is over.

    Returns: the flags with which `go build` takes the patched copy.
    Raises: StackError naming the file whose text is not as the patch expects it, or what Go said.
    """
    folder = module / FOLDER
    if not folder.exists():
        return ()
    patch = tomllib.loads((folder / _FILE).read_text())
    source = scratch / "source"
    shutil.copytree(_fetched(go, module, patch["module"]), source, copy_function=shutil.copyfile)
    _make_writable(source)
    for path, name in patch["add"].items():
        shutil.copyfile(folder / name, source / path)
    for change in patch["replace"]:
        _replace(source / change["file"], change["old"], change["new"])
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(module / name, scratch / name)
    _go(go, module, "mod", "edit", f"-replace={patch['module']}={source}", str(scratch / "go.mod"))
    return ("-modfile", str(scratch / "go.mod"))


def _fetched(go: Go, module: Path, dependency: str) -> Path:
    _go(go, module, "mod", "download", dependency)
    return Path(_go(go, module, "list", "-m", "-f", "{{.Dir}}", dependency).strip())


def _make_writable(folder: Path) -> None:
    # The module cache is read-only, and copies of its folders are.
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    if text.count(old) != 1:
        raise StackError(
            f"{file.name} has the text that a patch replaces {text.count(old)} times, not once: {old.strip()}"
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
