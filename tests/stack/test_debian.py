"""Debian's packages: only those that are missing are installed, and each failure is one line."""

import os
import subprocess

import pytest

from stack import debian
from stack.errors import StackError


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A folder that is all of PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.setattr(debian, "_FOLDERS_OF_ROOT", ())
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian, "PACKAGES", {"chromium": "chromium", "nginx": "nginx-light"})
    return tmp_path


def program(path, name, text="") -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n")
    (path / name).chmod(0o755)


APT = 'echo "$DEBIAN_FRONTEND $@" >> "$(/usr/bin/dirname "$0")/calls"'


def test_nothing_is_installed_where_all_is_there(path):
    for name in (*debian.PACKAGES, "apt-get"):
        program(path, name, APT if name == "apt-get" else "")
    assert debian.install_missing() == []
    assert not (path / "calls").exists()


def test_missing_ones_are_installed(path):
    program(path, "chromium")
    program(path, "apt-get", APT)
    assert debian.install_missing() == ["nginx-light"]
    assert (path / "calls").read_text().splitlines() == [
        "noninteractive -q update",
        "noninteractive -qy --no-install-recommends install nginx-light",
    ]


def test_failure_is_one_line(path):
    program(path, "apt-get", "echo reading; echo 'E: Unable to fetch some archives'; exit 100")
    with pytest.raises(StackError) as caught:
        debian.install_missing()
    assert f"{caught.value}" == (
        "apt-get -q update failed with 100: E: Unable to fetch some archives"
    )


@pytest.mark.parametrize("reason", ["no apt-get", "not root"])
def test_error_names_what_to_install(path, monkeypatch, reason):
    if reason == "not root":
        program(path, "apt-get", APT)
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(StackError) as caught:
        debian.install_missing()
    assert f"{caught.value}" == (
        "the tests need Debian's packages chromium nginx-light: install them, "
        "or run ./serene test --fast"
    )


@pytest.mark.slow
def test_debian_knows_every_package():
    names = [*debian.PACKAGES.values()]
    done = subprocess.run(
        ["dpkg-query", "--show", *names], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in debian.PACKAGES:
        assert debian.find(name) is not None
