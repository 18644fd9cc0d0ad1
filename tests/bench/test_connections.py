"""Many connections are held on one worker; a limit that does not allow them is one line."""

import resource
import subprocess
import sys

import pytest

from bench.capacity.figures import FILE, Figures
from bench.connections import descriptors
from bench.connections.__main__ import main, row, settings, summary
from bench.connections.clients import PER_ADDRESS, address_of
from telemetry.config import TelemetryConfig
from tests.architecture.sources import ROOT


@pytest.fixture
def limits(monkeypatch):
    """Replace the process' limit of open files by one that may only be lowered."""
    found = {"now": (1024, 4096)}

    def change(_, new):
        if new[1] > found["now"][1]:
            raise ValueError("not allowed to raise maximum limit")
        found["now"] = new

    monkeypatch.setattr(resource, "getrlimit", lambda _: found["now"])
    monkeypatch.setattr(resource, "setrlimit", change)
    return found


def test_limit_is_raised_up_to_the_hard_one(limits):
    descriptors.allow(3000)
    assert limits["now"] == (4000, 4096)


def test_limit_that_is_enough_stays(limits):
    descriptors.allow(24)
    assert limits["now"] == (1024, 4096)


def test_limit_that_may_not_be_raised_is_one_line(limits):
    with pytest.raises(descriptors.DescriptorLimit) as caught:
        descriptors.allow(12_000)
    assert str(caught.value) == (
        "12000 connections need 13000 open files, and this process may have 4096: raise its hard "
        "limit first (ulimit -Hn 13000, or LimitNOFILE=13000 of systemd)"
    )


def test_command_ends_with_that_line(limits):
    with pytest.raises(SystemExit, match=r"^bench\.connections: 12000 connections need 13000"):
        main(["--idle", "10000", "--active", "2000"])


def test_an_address_has_fewer_clients_than_its_bound():
    addresses = [address_of(number) for number in range(12_000)]
    most = max(addresses.count(one) for one in set(addresses))
    assert most == PER_ADDRESS < TelemetryConfig.from_env({}).connections_per_address
    assert len(set(addresses)) == 30


def test_settings_admit_the_connections_for_as_long():
    assert settings(12_000, 600.0) == {
        "CONNECTIONS_PER_WORKER": "12100",
        "KEEPALIVE_SECONDS": "1200.0",
    }


@pytest.mark.e2e
@pytest.mark.slow
def test_hundreds_of_connections_are_held_on_one_worker(tmp_path):
    file = tmp_path / "capacity.json"
    file.write_bytes(FILE.read_bytes())
    # In a process that nothing has patched: its loop is its own.
    command = [sys.executable, "-m", "bench.connections", "--json", str(file), "--pause", "1"]
    command += ["--idle", "500", "--active", "100", "--minutes", str(5 / 60)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    held = Figures.read(file).held
    assert (held.failures, held.idle_answered) == (0, 500)
    assert held.answers >= 300
    last = held.minutes[-1]
    assert (last.idle_open, last.active_open) == (500, 100)
    assert held.minutes[0].resident_mib > held.before_mib
    assert row(last) in done.stdout
    assert summary(held).split(";", maxsplit=1)[0] in done.stdout
