"""Secrets of a demo: made at the first start, kept in a volume, and given to the program.

`python demo_keys.py FILE COMMAND…` starts COMMAND with a key for access tokens and a webhook's
secret, those of FILE when it exists. Variables that are set stay as they are, and production gets
nothing: there the service insists on secrets of its own. A container runs this one file: it imports
no other.
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path


def made() -> dict[str, str]:
    """Return new secrets; the key has its date in its name."""
    today = datetime.now(UTC).date().isoformat()
    return {
        "SERENE_TOKEN_KEYS": f"{today}:{secrets.token_urlsafe(32)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_urlsafe(32)}",
    }


def kept(path: Path) -> dict[str, str]:
    """Return the secrets of a file, which is written whole, once, and for its owner alone."""
    if not path.exists():
        scratch = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made(), file)
        try:
            os.link(scratch, path)  # unlike a rename, it replaces no other's
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    found: dict[str, str] = json.loads(path.read_text())
    return found


def environment(path: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the program."""
    if given.get("DEPLOYMENT_ENVIRONMENT") == "production":
        return dict(given)
    return kept(path) | {name: value for name, value in given.items() if value}


if __name__ == "__main__":
    command = sys.argv[2:]
    os.execvpe(command[0], command, environment(Path(sys.argv[1]), os.environ))
