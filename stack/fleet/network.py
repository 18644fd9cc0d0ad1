"""Network namespaces, one for each host, and the bridge that joins them.

Names carry a prefix and the pid of the process that made them, so that a later run recognises and
removes what a crashed one has left.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from stack import debian
from stack.errors import StackError, last_line

_PREFIX: Final = "sf"
_NAME: Final = re.compile(rf"\b{_PREFIX}(\d+)\b")
_HOSTS_FOLDER: Final = Path("/etc/netns")
"""Below it ``ip netns exec`` finds what it mounts over /etc, such as a host's own file hosts."""
_COMMAND_SECONDS: Final = 20.0
_FIRST_ADDRESS: Final = 10
_END_SECONDS: Final = 5.0

CLIENT: Final = 1
"""Last number of the machine's own address on the bridge, from which load comes."""
OTHER_CLIENT: Final = 2
"""Last number of its second address, a client whose requests are counted by rate limits."""


def require() -> None:
    """Check that namespaces can be made. Raises: StackError in one line."""
    if os.geteuid() != 0:
        raise StackError("a fleet needs root, for network namespaces: run it as root, as CI does")
    for program in ("ip", "nginx"):
        if debian.find(program) is None:
            package = debian.PACKAGES[program]
            raise StackError(f"a fleet needs {program}: install Debian's package {package}")


class Network:
    """A bridge and namespaces on it.

    Args:
        hosts: Names, each of which gets an address.

    Raises:
        StackError: A command failed.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        pid = os.getpid()
        self._bridge = f"{_PREFIX}{pid}"
        self._network = _free_network(pid)
        self._numbers = {name: _FIRST_ADDRESS + at for at, name in enumerate(hosts)}

    @property
    def subnet(self) -> str:
        """Of the bridge."""
        return f"{self._network}.0/24"

    def address(self, host: str) -> str:
        """Return the address of a host."""
        return f"{self._network}.{self._numbers[host]}"

    def client_address(self, number: int = CLIENT) -> str:
        """Return one of this machine's own addresses on the bridge."""
        return f"{self._network}.{number}"

    def namespace(self, host: str) -> str:
        """Return the name of a host's namespace."""
        return f"{self._bridge}-{host}"

    def create(self) -> None:
        """Make the bridge and every host's namespace."""
        _ip("link", "add", self._bridge, "type", "bridge")
        for number in (CLIENT, OTHER_CLIENT):
            _ip("address", "add", f"{self.client_address(number)}/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")
        for host in self._numbers:
            self._add_host(host)

    def delete(self) -> None:
        """Remove all of it; processes in the namespaces are killed first."""
        _remove(self._bridge)

    def exec_prefix(self, host: str) -> list[str]:
        """Return what starts a command on a host, under the host's own name."""
        name = 'hostname "$0" && exec "$@"'
        inside = ["ip", "netns", "exec", self.namespace(host)]
        return [*inside, "unshare", "--uts", "sh", "-c", name, host]

    def cut_off(self, host: str) -> None:
        """Drop every packet from and to a host: no reset, and no answer."""
        _ip("link", "set", self._link(host), "nomaster")

    def reconnect(self, host: str) -> None:
        """End what `cut_off` began."""
        _ip("link", "set", self._link(host), "master", self._bridge)

    def write_hosts(self, host: str, names: Sequence[tuple[str, str]]) -> None:
        """Write the file hosts of a host, whose processes read it again within seconds.

        Args:
            host: Whose.
            names: Addresses and their names.
        """
        lines = [f"{address} {name}\n" for address, name in (("127.0.0.1", "localhost"), *names)]
        # Written in place: what is mounted over /etc/hosts is this file, not its name.
        self._hosts_file(host).write_text("".join(lines), encoding="utf-8")

    def _add_host(self, host: str) -> None:
        space, link = self.namespace(host), self._link(host)
        self._hosts_file(host).parent.mkdir(parents=True, exist_ok=True)
        self.write_hosts(host, ())
        _ip("netns", "add", space)
        _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space)
        _ip("link", "set", link, "master", self._bridge, "up")
        _ip("-n", space, "link", "set", "lo", "up")
        _ip("-n", space, "address", "add", f"{self.address(host)}/24", "dev", "eth0")
        _ip("-n", space, "link", "set", "eth0", "up")

    def _link(self, host: str) -> str:
        return f"{self._bridge}v{self._numbers[host]}"

    def _hosts_file(self, host: str) -> Path:
        return _HOSTS_FOLDER / self.namespace(host) / "hosts"


def remove_leftovers() -> None:
    """Remove the networks of processes that are gone."""
    made = _ip("netns", "list") + _ip("-o", "link", "show", "type", "bridge")
    for pid in {int(found) for found in _NAME.findall(made)}:
        if not Path(f"/proc/{pid}").exists():
            _remove(f"{_PREFIX}{pid}")


def _remove(bridge: str) -> None:
    for line in _ip("netns", "list").splitlines():
        space = line.split()[0] if line else ""
        if space.startswith(f"{bridge}-"):
            _kill_all(space)
            _ip("netns", "delete", space)
            shutil.rmtree(_HOSTS_FOLDER / space, ignore_errors=True)
    if f" {bridge}:" in _ip("-o", "link", "show", "type", "bridge"):
        _ip("link", "delete", bridge)


def _kill_all(space: str) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while (pids := _ip("netns", "pids", space).split()) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.05)


def _free_network(pid: int) -> str:
    """Return the first three numbers of a network that no interface of this machine has."""
    taken = _ip("-o", "-4", "address", "show") + _ip("-4", "route", "show")
    for attempt in range(1000):
        second, third = divmod((pid + 7919 * attempt) % (128 * 250), 250)
        network = f"10.{64 + second}.{third}"
        if f"{network}." not in taken:
            return network
    raise StackError("no free network of 10.64.0.0/10 was found for a fleet")


def _ip(*arguments: str) -> str:
    done = subprocess.run(
        ["ip", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMMAND_SECONDS,
    )
    if done.returncode != 0:
        raise StackError(f"ip {' '.join(arguments)} failed: {last_line(done.stderr)}")
    return done.stdout
