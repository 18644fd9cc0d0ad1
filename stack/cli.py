"""The command line: parse `./serene <command>`, call one function, print a StackError as one line.

Nothing here depends on a backend; the commands are in `stack.up`, `stack.status`, `stack.trace` and
`stack.commands`.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

from stack import commands, paths, pictures, status, trace, up
from stack.backends import NAMES
from stack.cluster import command as cluster
from stack.cluster.backends import TOOLS
from stack.errors import StackError
from stack.faults import commands as faults
from stack.faults.press import MOST_SECONDS, USUAL_SECONDS

_MAX_WORKERS = 64

Subparsers: TypeAlias = "argparse._SubParsersAction[_Parser]"


class _Parser(argparse.ArgumentParser):
    """Reports a usage error in one line, as all other errors."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"serene: {message} (see: {self.prog} --help)\n")


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
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
        description="The wellbeing API and its monitoring, on this machine.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=_Parser
    )
    _add_up(subparsers)
    _command(subparsers, "down", up.down, "stop all that up started")
    _add_status(subparsers)
    _add_logs(subparsers)
    _add_trace(subparsers)
    _add_load(subparsers)
    _add_fault(subparsers)
    _add_test(subparsers)
    _add_contract(subparsers)
    _command(
        subparsers, "pictures", pictures.pictures, "draw the README's pictures of a running stack"
    )
    build = _command(
        subparsers, "build", commands.build, "build backends into the cache, without starting them"
    )
    every = f"one or more of {', '.join(NAMES)} (default: all of them), {', '.join(TOOLS)}"
    build.add_argument("names", nargs="*", metavar="NAME", help=every)
    text = "start a real Kubernetes control plane with an overlay of deploy/kubernetes"
    cluster.add_arguments(_command(subparsers, "kubernetes", cluster.kubernetes, text))
    return parser


def _command(
    subparsers: Subparsers,
    name: str,
    function: Callable[[argparse.Namespace], int],
    text: str,
    more: str = "",
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}.",
        epilog=more,
        allow_abbrev=False,
    )
    parser.set_defaults(function=function)
    if name not in {"test", "build", "contract", "kubernetes"}:
        parser.add_argument(
            "--port-offset",
            type=_count(0, 65535),
            default=0,
            metavar="N",
            help=(
                "use the stack whose ports are all N higher; its files are in"
                f" {paths.state_directory(1).parent.name}/offset-N (default: 0)"
            ),
        )
    return parser


def _add_up(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "up",
        up.up,
        "build what is missing, start all backends and run until Ctrl-C, which stops them",
    )
    parser.add_argument(
        "--detach", action="store_true", help="return when all are up; ./serene down stops them"
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


def _add_status(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "status",
        status.status,
        "show which backends run and are ready; exit code 1 unless all started ones are",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def _add_logs(subparsers: Subparsers) -> None:
    parser = _command(subparsers, "logs", status.logs, "print the log of a backend")
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument(
        "-f", "--follow", action="store_true", help="print new lines as well, until Ctrl-C"
    )
    parser.add_argument(
        "-n",
        "--lines",
        type=_count(0, 10**9),
        default=100,
        help="number of last lines (default: %(default)s)",
    )


def _add_trace(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "trace",
        trace.trace,
        "show one request: its spans as a waterfall, what its worker recorded, and its log lines",
    )
    parser.add_argument(
        "id",
        type=trace.request_id,
        metavar="ID",
        help="the X-Request-ID of the response, the id of the trace, or a proxy's for the request",
    )


def _add_load(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "load",
        commands.load,
        "send demo traffic: a realistic mix of requests at a chosen rate",
    )
    parser.add_argument(
        "--rate",
        type=_positive("requests a second", 10_000),
        default=10.0,
        metavar="R",
        help="requests per second of all users together (default: 10)",
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


def _add_fault(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "fault",
        help="press faults on a running stack, for drills: list, on NAME, off [NAME]",
        description="Press faults on a running stack; each ends by itself.",
        allow_abbrev=False,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    listed = _command(verbs, "list", faults.list_faults, "show every fault, and which are on")
    listed.add_argument("--json", action="store_true", help="print JSON, for programs")
    pressed = _command(verbs, "on", faults.on, "press a fault")
    pressed.add_argument("name", metavar="NAME", help="as in ./serene fault list")
    pressed.add_argument(
        "--seconds",
        type=_count(1, MOST_SECONDS),
        default=USUAL_SECONDS,
        metavar="S",
        help="after which it ends by itself (default: %(default)s)",
    )
    released = _command(verbs, "off", faults.off, "release a fault, or all")
    released.add_argument("name", nargs="?", metavar="NAME", help="all that are on when left out")


def _add_test(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "test",
        commands.test,
        "build what is missing and run every test",
        "every other argument is passed to pytest",
    )
    parser.add_argument(
        "--fast",
        action="store_true",
        help="skip the tests marked e2e (on real processes) or slow, and build nothing",
    )
    parser.add_argument(
        "--coverage",
        action="store_true",
        help="report the branch coverage of the tests in one process; they take twice as long",
    )


def _add_contract(subparsers: Subparsers) -> None:
    parser = _command(
        subparsers,
        "contract",
        commands.contract,
        "generate requests from the OpenAPI document and check every response against it",
    )
    parser.add_argument(
        "--minutes",
        type=_positive("minutes", 24 * 60),
        default=20.0,
        metavar="M",
        help="duration (default: 20)",
    )
    parser.add_argument(
        "--seed",
        type=_count(0, 2**64 - 1),
        metavar="N",
        help="seed of an earlier run, to repeat its requests",
    )
    parser.add_argument("--only", metavar="REGEX", help="only operations whose path matches")


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
