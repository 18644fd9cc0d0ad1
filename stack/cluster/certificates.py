"""Keys and certificates of one control plane, made by openssl for as long as it runs."""

import subprocess
from pathlib import Path
from typing import Final

from stack.errors import StackError, last_line

AUTHORITY: Final = "authority"
SERVER: Final = "server"
FRONT_PROXY: Final = "front-proxy"
"""Identifies kube-apiserver to the APIs that it passes requests on to."""

SERVICE_ACCOUNTS: Final = "service-accounts"

_DAYS: Final = "2"
_NAMES: Final = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc"


def make(folder: Path) -> None:
    """Write the authority, the certificates that it signs, and the key of service accounts.

    Raises: StackError when openssl is missing or fails.
    """
    folder.mkdir(mode=0o700, parents=True)
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", "/CN=serene-test-authority", "-days", _DAYS),
        *("-keyout", key(folder, AUTHORITY), "-out", certificate(folder, AUTHORITY)),
    )
    for name in (SERVER, FRONT_PROXY):
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-subj", f"/CN={name}", "-days", _DAYS, "-addext", _NAMES),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-addext", "extendedKeyUsage=serverAuth,clientAuth"),
            *("-CA", certificate(folder, AUTHORITY), "-CAkey", key(folder, AUTHORITY)),
            *("-keyout", key(folder, name), "-out", certificate(folder, name)),
        )
    _openssl("genrsa", "-out", key(folder, SERVICE_ACCOUNTS), "2048")


def certificate(folder: Path, name: str) -> str:
    """Return the path of a certificate."""
    return str(folder / f"{name}.crt")


def key(folder: Path, name: str) -> str:
    """Return the path of a private key."""
    return str(folder / f"{name}.key")


def _openssl(*arguments: str) -> None:
    try:
        done = subprocess.run(
            ["openssl", *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )
    except FileNotFoundError:
        raise StackError("a control plane needs openssl, which PATH does not have") from None
    if done.returncode != 0:
        raise StackError(f"openssl {arguments[0]} failed: {last_line(done.stderr)}")
