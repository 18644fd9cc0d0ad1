"""The virtual environment: when packages are installed, and the error when they cannot be."""

import hashlib
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from stack import environment, paths
from stack.errors import StackError


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text("# nothing\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A virtual environment without packages, except this one's pip."""
    created = tmp_path / "venv"
    venv.create(created, with_pip=False, symlinks=True)
    site = next(path for path in sys.path if path.endswith("site-packages"))
    next(created.glob("lib/python*/site-packages")).joinpath("pip.pth").write_text(site)
    return created


@pytest.mark.e2e
@pytest.mark.usefixtures("no_package_index")
def test_packages_are_installed_once_and_again_when_the_requirements_change(
    folder: Path, requirements: Path
) -> None:
    stamp = folder / "serene-requirements.sha256"
    assert environment.ensure(folder, requirements)
    assert stamp.read_text() == hashlib.sha256(b"# nothing\n").hexdigest()
    assert not environment.ensure(folder, requirements)
    requirements.write_text("# nothing more\n")
    assert environment.ensure(folder, requirements)
    assert stamp.read_text() == hashlib.sha256(b"# nothing more\n").hexdigest()


@pytest.mark.e2e
@pytest.mark.usefixtures("no_package_index")
def test_packages_are_installed_again_when_an_included_file_changes(
    folder: Path, requirements: Path
) -> None:
    included = requirements.with_name("included.txt")
    included.write_text("# nothing\n")
    requirements.write_text("-r included.txt\n")
    assert environment.ensure(folder, requirements)
    assert not environment.ensure(folder, requirements)
    included.write_text("# nothing more\n")
    assert environment.ensure(folder, requirements)


@pytest.mark.e2e
@pytest.mark.usefixtures("no_package_index")
def test_no_package_index_is_one_line_and_the_next_start_tries_again(
    folder: Path, requirements: Path
) -> None:
    requirements.write_text("no-such-package==1.0\n")
    with pytest.raises(StackError) as raised:
        environment.ensure(folder, requirements)
    assert str(raised.value) == (
        "cannot install requirements.txt: ERROR: No matching distribution found for "
        f"no-such-package==1.0 (whole log: {paths.state_directory() / 'logs' / 'venv.log'})"
    )
    assert not (folder / "serene-requirements.sha256").exists()


def test_older_python_is_one_line() -> None:
    program = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['serene', 'up']; "
        f"runpy.run_path({str(paths.ROOT / 'serene')!r}, run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "serene: needs Python 3.11 or newer, this is 3.9; try: python3.11 serene up\n",
    )


def test_environment_module_imports_only_the_standard_library() -> None:
    program = "import sys; from stack import environment; print(sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(re.findall(r"'(\w+)", done.stdout))
    assert loaded - set(sys.stdlib_module_names) == {"stack", "__main__"} - set(
        sys.stdlib_module_names
    )


def test_environment_that_cannot_be_created_is_one_line_and_leaves_nothing(
    tmp_path: Path, requirements: Path
) -> None:
    folder = tmp_path / "file" / "venv"
    folder.parent.write_text("a file")
    with pytest.raises(StackError) as raised:
        environment.ensure(folder, requirements)
    start = "cannot create .venv (Debian needs the package python3-venv): "
    assert (
        str(raised.value).startswith(start),
        "Not a directory" in str(raised.value),
        folder.exists(),
    ) == (True, True, False)
