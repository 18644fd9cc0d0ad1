"""What the commands of the service share: build it, use the database, report failures in one line."""

import sys
from collections.abc import Callable, Mapping

from pymongo.errors import PyMongoError

from service.bootstrap import Service, build
from telemetry import SettingError


def run(name: str, environ: Mapping[str, str], work: Callable[[Service], str]) -> int:
    """Do the work of a command on the database that the environment names.

    Args:
        name: Of the command, for its lines.
        environ: Variables by name.
        work: Returns the lines to print; raises ``PyMongoError`` when MongoDB cannot be used, and
            ``LookupError``, with one line, when what it was asked for does not exist.

    Returns:
        The exit code; 1, with one line on standard error, when it could not be done.
    """
    try:
        service = build(environ)
    except SettingError as error:
        return failed(str(error))
    try:
        print(work(service))
    except PyMongoError as error:
        reason = str(error).partition(" (configured")[0]
        return failed(f"{name}: MongoDB cannot be used: {reason}")
    except LookupError as error:
        return failed(f"{name}: {error.args[0]}")
    finally:
        service.mongo.close()
    return 0


def failed(line: str, code: int = 1) -> int:
    """Print one line on standard error; returns the exit code."""
    print(line, file=sys.stderr)
    return code
