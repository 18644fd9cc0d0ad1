"""The TLS context of a connection to the receiver of spans.

Files that a setting names are read when the context is made, so that one that cannot be used stops
the start with one line and is not found out at the first span.
"""

import ssl
from dataclasses import dataclass
from typing import Final

import gevent.ssl

from telemetry.config import SettingError

_PREFIX: Final = "OTEL_EXPORTER_OTLP_"


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Files in PEM format.

    Args:
        certificate: Authorities that may have signed the receiver's certificate; the system's
            without it.
        client_certificate: The certificate that the receiver identifies this client by.
        client_key: Its key, where it is not in the same file.
    """

    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None


NO_FILES: Final = TlsFiles()


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """A context that verifies the receiver.

    Args:
        files: As the settings name them.

    Raises:
        SettingError: A file cannot be read or has another format; the text is one line.
    """
    try:
        context: ssl.SSLContext = gevent.ssl.create_default_context(cafile=files.certificate)
    except OSError as error:
        raise _unusable("CERTIFICATE", files.certificate, error) from None
    if files.client_certificate:
        try:
            # Without a password OpenSSL would ask for one at the terminal.
            context.load_cert_chain(files.client_certificate, files.client_key, password="")
        except OSError as error:
            name = f"{files.client_certificate} {files.client_key or ''}".rstrip()
            raise _unusable("CLIENT_CERTIFICATE", name, error) from None
    return context


def _unusable(option: str, name: str | None, error: OSError) -> SettingError:
    why = error.strerror or str(error)
    return SettingError(f"{_PREFIX}{option}={name!r}: cannot be used ({why})")
