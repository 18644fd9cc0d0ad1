"""The pre-commit hooks run the same checks as the tests, with the tools of .venv."""

import shlex

import pytest
import yaml

from tests.architecture.sources import ROOT
from tests.architecture.test_checkers import TOOLS

(REPOSITORY,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
COMMANDS = {hook["id"]: shlex.split(hook["entry"]) for hook in REPOSITORY["hooks"]}


def test_every_hook_is_local():
    assert REPOSITORY["repo"] == "local"
    assert {hook["language"] for hook in REPOSITORY["hooks"]} == {"system"}


def test_hooks_run_every_check():
    assert [command[0].removeprefix(".venv/bin/") for command in COMMANDS.values()] == [
        "ruff",
        "ruff",
        "mypy",
        "lint-imports",
        "python",
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_tool_of_a_hook_is_installed(name):
    assert (TOOLS / COMMANDS[name][0].removeprefix(".venv/bin/")).is_file()


def test_hook_for_generated_files_names_tests_that_exist():
    paths = [part for part in COMMANDS["generated-files"] if part.startswith("tests/")]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
