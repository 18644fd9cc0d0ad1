"""The command line: `./serene <command>`. Reads the arguments, calls one function, turns a
StackError into one line.

Nothing here knows how a backend works; the commands are in `stack.up`, `stack.look` and
`stack.run`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from stack import look, paths, run, trace, up
from stack.backends import NAMES
from stack.errors import StackError

_MAX_WORKERS = 64


class _Parser(argparse.ArgumentParser):
    """Says a mistake in one line, as every other error here."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"serene: {message} (see: {self.prog} --help)\n")


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns: the exit code."""
    parser = _build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "test":
        parser.error(f"unknown argument {rest[0]!r}")
    options.pytest_arguments = rest
    command: Callable[[argparse.Namespace], int] = options.function
    try:
        return command(options)
    except StackError as error:
        print(f"serene: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _build_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="./serene",
        description="The wellbeing API and everything that watches it, on this machine.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    _add_up(
        _command(
            commands,
            "up",
            up.up,
            "build what is missing, then start everything and stay with it; Ctrl-C stops it",
        )
    )
    _command(commands, "down", up.down, "stop everything that up started")
    status = _command(
        commands,
        "status",
        look.status,
        "what runs, and whether it does its work; exit code 1 unless all of it does",
    )
    status.add_argument("--json", action="store_true", help="for programs")
    logs = _command(commands, "logs", look.logs, "what a backend wrote")
    logs.add_argument("name", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    logs.add_argument(
        "-f", "--follow", action="store_true", help="go on as it writes more, until Ctrl-C"
    )
    logs.add_argument(
        "-n",
        "--lines",
        type=_count(0, 10**9),
        default=100,
        help="how many of the last lines (default: %(default)s)",
    )
    follow = _command(
        commands,
        "trace",
        trace.trace,
        "what happened in one request: its spans as a waterfall, and its log line",
    )
    follow.add_argument(
        "id",
        type=trace.request_id,
        metavar="ID",
        help="the X-Request-ID of the answer, or the id of the trace",
    )
    _add_load(
        _command(
            commands, "load", run.load, "demo traffic: a realistic mix of requests at a chosen rate"
        )
    )
    test = _command(
        commands,
        "test",
        run.test,
        "build what is missing and run every test",
        "every other argument goes to pytest",
    )
    test.add_argument(
        "--fast",
        action="store_true",
        help="without the tests marked e2e (on real processes) or slow, and without building",
    )
    _add_contract(
        _command(
            commands,
            "contract",
            run.contract,
            "requests made up from the OpenAPI document, every answer checked against it",
        )
    )
    build = _command(
        commands, "build", run.build, "build backends into the cache, without starting any"
    )
    build.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which of {', '.join(NAMES)} (default: all)"
    )
    return parser


def _command(
    commands: "argparse._SubParsersAction[_Parser]",
    name: str,
    function: Callable[[argparse.Namespace], int],
    text: str,
    more: str = "",
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=more,
        allow_abbrev=False,
    )
    parser.set_defaults(function=function)
    if name not in {"test", "build", "contract"}:
        parser.add_argument(
            "--port-offset",
            type=_count(0, 65535),
            default=0,
            metavar="N",
            help=f"the stack whose every port is N higher, kept in {paths.state_directory(1).parent.name}/offset-N (default: 0)",
        )
    return parser


def _add_up(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--detach", action="store_true", help="return when everything is up; ./serene down stops it"
    )
    parser.add_argument(
        "--workers",
        type=_count(1, _MAX_WORKERS),
        default=2,
        metavar="N",
        help="gunicorn workers (default: 2)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=NAMES,
        metavar="NAME",
        help=f"start only these of {', '.join(NAMES)}",
    )


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rate",
        type=_positive("requests a second", 10_000),
        default=10.0,
        metavar="R",
        help="requests a second, all users together (default: 10)",
    )
    parser.add_argument(
        "--users",
        type=_count(1, 10_000),
        default=10,
        metavar="N",
        help="concurrent users (default: 10)",
    )
    parser.add_argument(
        "--duration", type=_count(1, 10**6), metavar="S", help="seconds (default: until Ctrl-C)"
    )


def _add_contract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--minutes",
        type=_positive("minutes", 24 * 60),
        default=20.0,
        metavar="M",
        help="how long (default: 20)",
    )
    parser.add_argument(
        "--seed",
        type=_count(0, 2**64 - 1),
        metavar="N",
        help="of an earlier run, to make the same requests again",
    )
    parser.add_argument("--only", metavar="REGEX", help="only operations whose path has this in it")


def _count(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isdecimal() or not lowest <= int(text) <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number from {lowest} to {highest}"
            )
        return int(text)

    return parse


def _positive(unit: str, highest: int) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = 0.0
        if not 0 < number <= highest:
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a number of {unit} above 0, at most {highest}"
            )
        return number

    return parse


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
