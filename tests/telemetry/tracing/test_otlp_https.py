"""Over TLS only a receiver that proves who it is gets anything, and it may ask the same of us."""

import ssl
from pathlib import Path

import gevent.ssl
import pytest

from telemetry.config import SettingError
from telemetry.tracing.otlp_http import ExportResult, OtlpHttpSender, Receiver
from telemetry.tracing.tls import TlsFiles
from tests.telemetry.tracing.collector import Collector

# Self-signed, for localhost, until 2126:
# openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost
#   -addext subjectAltName=DNS:localhost -days 36500 -keyout key.pem -out certificate.pem
TLS = Path(__file__).with_name("tls")
CERTIFICATE, KEY = str(TLS / "certificate.pem"), str(TLS / "key.pem")


@pytest.fixture
def send():
    """Sends two requests to a receiver over TLS; returns the results, and the sizes that it got."""

    def to(host, files, *, clients=None):
        context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE, KEY)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        with Collector(ssl_context=context) as collector:
            url = f"https://{host}:{collector.server.server_port}"
            sender = OtlpHttpSender(Receiver(url, 10.0, tls=files))
            results = [sender.send(b"x" * 100_000) for _ in range(2)]
            sender.close()
        return [one.result for one in results], [len(body) for body in collector.accepted]

    return to


TAKEN = (["ok", "ok"], [100_000, 100_000])


def test_a_trusted_receiver_gets_the_spans(send):
    assert send("localhost", TlsFiles(CERTIFICATE)) == TAKEN


def test_the_system_s_authorities_count_without_a_certificate(send, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", CERTIFICATE)
    assert send("localhost", TlsFiles()) == TAKEN


def test_one_that_is_not_trusted_gets_nothing(send, monkeypatch, tmp_path):
    none = tmp_path / "none.pem"
    none.write_text("")
    monkeypatch.setenv("SSL_CERT_FILE", str(none))
    assert send("localhost", TlsFiles()) == (["unreachable"] * 2, [])


def test_one_with_another_name_gets_nothing(send):
    assert send("127.0.0.1", TlsFiles(CERTIFICATE)) == (["unreachable"] * 2, [])


def test_client_that_identifies_itself_is_accepted(send):
    files = TlsFiles(CERTIFICATE, CERTIFICATE, KEY)
    assert send("localhost", files, clients=CERTIFICATE) == TAKEN


def test_client_without_a_certificate_is_refused_where_one_is_required(send):
    results, accepted = send("localhost", TlsFiles(CERTIFICATE), clients=CERTIFICATE)
    assert (results, accepted) == (["unreachable"] * 2, [])


ENCRYPTED = """-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgAAAAAAAAAAAICCAAw
-----END ENCRYPTED PRIVATE KEY-----
"""


@pytest.mark.parametrize(
    ("files", "line"),
    [
        (
            TlsFiles("/missing.pem"),
            "OTEL_EXPORTER_OTLP_CERTIFICATE='/missing.pem': cannot be used "
            "(No such file or directory)",
        ),
        (
            TlsFiles(CERTIFICATE, "/missing.pem"),
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE='/missing.pem': cannot be used "
            "(No such file or directory)",
        ),
    ],
)
def test_file_that_is_missing_stops_the_start_with_one_line(files, line):
    with pytest.raises(SettingError) as raised:
        OtlpHttpSender(Receiver("https://localhost", 1.0, tls=files))
    assert str(raised.value) == line


def test_file_that_is_none_of_its_kind_stops_the_start_and_asks_for_no_password(tmp_path):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text(ENCRYPTED)
    for files in (TlsFiles(str(wrong)), TlsFiles(None, CERTIFICATE, str(wrong))):
        with pytest.raises(SettingError, match=r"^OTEL_EXPORTER_OTLP_.*: cannot be used \("):
            OtlpHttpSender(Receiver("https://localhost", 1.0, tls=files))


def test_result_names_no_header():
    receiver = Receiver("http://localhost", 1.0, (("x-key", "secret"),))
    assert "secret" not in repr(receiver)
    assert "secret" not in repr(ExportResult("ok"))
