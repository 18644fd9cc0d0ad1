"""How many files a process may have open: raised for the sockets of a run, or one clear line."""

import resource
from typing import Final

SPARE: Final = 1000
"""Files beside the connections: of Python, of the database's pool, of logs."""


class DescriptorLimit(Exception):
    """A process may not have as many open files as a run needs."""


def allow(connections: int) -> None:
    """Let this process, and those that it starts, have so many connections.

    Raises:
        DescriptorLimit: The hard limit is lower, and may not be raised; one line that names both.

    Source: ``setrlimit(2)``, ``RLIMIT_NOFILE``.
    """
    needed = connections + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= needed or soft == resource.RLIM_INFINITY:
        return
    enough = hard >= needed or hard == resource.RLIM_INFINITY
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard if enough else needed))
    except (ValueError, OSError) as error:
        raise DescriptorLimit(
            f"{connections} connections need {needed} open files, and this process may have {hard}:"
            f" raise its hard limit first (ulimit -Hn {needed}, or LimitNOFILE={needed} of systemd)"
        ) from error
