"""Shared by the commands: build the service, use its database, report failures in one line."""

import sys
from collections.abc import Callable, Mapping

from pymongo.errors import PyMongoError

from service.bootstrap import Service, build
from telemetry import SettingError


def run(name: str, environ: Mapping[str, str], work: Callable[[Service], str | int]) -> int:
    """Run a command on the database that the environment names.

    Args:
        name: Name of the command, for its messages.
        environ: Variables by name.
        work: Returns the lines to print, or the exit code when it has printed them itself; raises
            ``PyMongoError`` when MongoDB fails, and ``LookupError`` with one line when its target
            does not exist.

    Returns:
        The exit code; 1, with one line on standard error, for a failure.
    """
    try:
        service = build(environ)
    except SettingError as error:
        return failed(str(error))
    try:
        done = work(service)
    except PyMongoError as error:
        reason = str(error).partition(" (configured")[0]
        return failed(f"{name}: MongoDB cannot be used: {reason}")
    except LookupError as error:
        return failed(f"{name}: {error.args[0]}")
    finally:
        service.mongo.close()
    if isinstance(done, int):
        return done
    print(done)
    return 0


def failed(line: str, code: int = 1) -> int:
    """Print one line on standard error and return the exit code."""
    print(line, file=sys.stderr)
    return code
