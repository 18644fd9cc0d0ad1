"""``python -m service.migrate``: what the database lacks; with ``--apply`` it is made.

Run it before workers of a new version start, on a database with data: it waits for an index as
long as that takes, which no request could. It can be run twice, and by two operators at once.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from pymongo.errors import OperationFailure

from service import commands
from service.bootstrap import Service
from service.mongo.migration import CannotExpire, Step, plan_indexes, plan_shards

NO_SHARDS: Final = "shard keys: none can be set on a {}; a sharded cluster would get these:"
DAY_SECONDS: Final = "86400"
EXIT_PENDING: Final = 3


def parser() -> argparse.ArgumentParser:
    """Return the parser of the arguments."""
    found = argparse.ArgumentParser("python -m service.migrate", description=__doc__)
    found.add_argument("--apply", action="store_true", help="make the changes of the plan")
    found.add_argument("--shard", action="store_true", help="the shard keys, not the indexes")
    found.add_argument(
        "--check", action="store_true", help=f"exit with {EXIT_PENDING} when something is missing"
    )
    found.add_argument(
        "--commit-quorum",
        metavar="MEMBERS",
        type=_quorum,
        help="members that must have built an index before it is used: a number, `majority`, or "
        "`votingMembers` (the server's default, which waits for a member that is down)",
    )
    return found


def migrate(service: Service, options: argparse.Namespace) -> int:
    """Print the plan, make its changes when they are asked for, and return the exit code.

    Raises:
        pymongo.errors.PyMongoError: MongoDB cannot be used.
    """
    deployment = service.mongo.deployment()
    print(f"{service.mongo.database.name}: {deployment}")
    if options.shard:
        steps = plan_shards(service.catalogue, deployment)
        if deployment.kind != "sharded cluster":
            print(NO_SHARDS.format(deployment.kind))
            _print(steps)
            return 0
    else:
        steps = plan_indexes(service.catalogue, deployment, options.commit_quorum)
    _print([step for step in steps if step.action != "unchanged"])
    print(f"{sum(step.action == 'unchanged' for step in steps)} are as they should be")
    pending = [step for step in steps if step.run is not None]
    if not options.apply:
        print(f"dry run: nothing was changed; --apply makes {_changes(len(pending))}")
        return EXIT_PENDING if options.check and pending else 0
    return _apply(pending)


def _apply(pending: Sequence[Step]) -> int:
    failed = 0
    for step in pending:
        try:
            step.make()
        except (OperationFailure, CannotExpire) as error:
            failed += 1
            # Without the server's words, which may quote documents.
            reason = f"code {error.code}" if isinstance(error, OperationFailure) else str(error)
            print(f"failed    {step.collection}: {step.subject} ({reason})", flush=True)
        else:
            print(f"done      {step.collection}: {step.subject}", flush=True)
    print(f"{_changes(len(pending) - failed)} made, {failed} failed")
    return 1 if failed else 0


def _print(steps: Sequence[Step]) -> None:
    for step in steps:
        print(step)


def _changes(count: int) -> str:
    return f"{count} change" if count == 1 else f"{count} changes"


def _quorum(text: str) -> str | int:
    if text in ("majority", "votingMembers"):
        return text
    if text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError("should be a number, majority or votingMembers")


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Migrate the database that the environment names and return the exit code.

    Args:
        arguments: Of the command.
        environ: Variables by name.
    """
    options = parser().parse_args(arguments)
    # An index of a large collection takes hours: the server would finish it, unobserved.
    patient = {"MONGODB_SOCKET_TIMEOUT_SECONDS": DAY_SECONDS}
    return commands.run(
        "migrate", {**environ, **patient}, lambda service: migrate(service, options)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
