"""Over TLS the Collector must prove who it is. The key in ``tls/`` is for this test alone and
guards nothing.
"""

from pathlib import Path

import gevent.ssl
import pytest

from telemetry.tracing import otlp_http
from telemetry.tracing.otlp_http import Answer, OtlpHttpSender
from tests.telemetry.tracing.collector import Collector

TLS = Path(__file__).parent / "tls"


@pytest.fixture
def send(monkeypatch):
    """Sends to a Collector behind TLS, trusting what is given."""
    otlp_http._tls_context.cache_clear()

    def to(host, trusted):
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        context = gevent.ssl.SSLContext(gevent.ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
        with Collector(ssl_context=context) as collector:
            sender = OtlpHttpSender(f"https://{host}:{collector.server.server_port}", 10.0)
            answers = [sender.send(b"x" * 100_000) for _ in range(2)]
            sender.close()
        return answers, [len(body) for body in collector.accepted]

    yield to
    otlp_http._tls_context.cache_clear()


def test_a_trusted_collector_gets_the_spans(send):
    assert send("localhost", TLS / "certificate.pem") == ([Answer("ok")] * 2, [100_000] * 2)


def test_one_that_is_not_trusted_gets_nothing(send, tmp_path):
    nobody = tmp_path / "nobody.pem"
    nobody.write_text("")
    assert send("localhost", nobody) == ([Answer("unreachable")] * 2, [])


def test_one_with_another_name_gets_nothing(send):
    assert send("127.0.0.1", TLS / "certificate.pem") == ([Answer("unreachable")] * 2, [])
