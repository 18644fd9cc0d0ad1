"""Keys and start of a control plane: what openssl signs, how a program that ends is named."""

import subprocess
from pathlib import Path

import pytest

from stack.cluster import certificates
from stack.cluster.components import PORTS, Place
from stack.cluster.control_plane import ControlPlane
from stack.errors import StackError
from tests.support.ports import free_ports


@pytest.fixture
def ports() -> dict[str, int]:
    return dict(zip(PORTS, free_ports(len(PORTS)), strict=True))


def test_authority_signs_what_servers_and_the_front_proxy_show(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    certificates.make(folder)
    authority = certificates.certificate(folder, certificates.AUTHORITY)
    for name in (certificates.SERVER, certificates.FRONT_PROXY):
        done = subprocess.run(
            [
                *("openssl", "verify", "-purpose", "sslserver", "-verify_ip", "127.0.0.1"),
                *("-CAfile", authority, certificates.certificate(folder, name)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), name
    assert folder.stat().st_mode & 0o077 == 0


def test_every_listener_is_on_loopback(tmp_path: Path, ports: dict[str, int]) -> None:
    place = Place(tmp_path, ports, "token")
    texts = {name: " ".join(arguments) for name, arguments in place.commands().items()}
    assert list(texts) == [
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kwok",
    ]
    for name, port in ports.items():
        program = "etcd" if name == "etcd-peer" else name
        assert str(port) in texts[program]
        assert "127.0.0.1" in texts[program]
    assert "0.0.0.0" not in "".join(texts.values())


def test_only_the_administrator_is_a_master_and_tokens_are_private(
    tmp_path: Path, ports: dict[str, int]
) -> None:
    folder = tmp_path / "plane"
    folder.mkdir()
    Place(folder, ports, "token").write()
    rows = [line.split(",") for line in (folder / "tokens.csv").read_text().splitlines()]
    assert {row[1]: row[3] for row in rows} == {
        "admin": '"system:masters"',
        "system:kube-controller-manager": '""',
        "system:kube-scheduler": '""',
    }
    private = [folder / "tokens.csv", *folder.glob("*.kubeconfig")]
    assert len(private) == 4
    assert [path.name for path in private if path.stat().st_mode & 0o077] == []


class Programs:
    """A builder whose programs are these shell scripts."""

    def __init__(self, folder: Path, **scripts: str) -> None:
        self._folder = folder
        folder.mkdir()
        for name, script in scripts.items():
            path = folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def build(self, _backend: object) -> Path:
        return self._folder


@pytest.mark.slow
def test_program_that_ends_is_named_with_its_last_line_and_the_others_are_ended(
    tmp_path: Path, ports: dict[str, int]
) -> None:
    programs = Programs(
        tmp_path / "bin",
        etcd=f"echo $$ > {tmp_path / 'pid'}; exec sleep 600",
        kube_apiserver="echo 'no such flag' >&2; exit 3",
    )
    plane = ControlPlane(tmp_path / "plane", ports, programs)  # type: ignore[arg-type]
    with pytest.raises(StackError, match=r"^kube-apiserver ended with 3: no such flag$"), plane:
        pass
    pid = int((tmp_path / "pid").read_text())
    assert not Path(f"/proc/{pid}").exists()
