"""The text format is the one that prometheus_client negotiates."""

import prometheus_client
import pytest

from telemetry.exposition import choose_format
from tests.telemetry.exposition.rendering import ACCEPTS


@pytest.mark.parametrize(
    "accept", [*ACCEPTS, "application/openmetrics-text", "text/plain; version=0.0.4", "*/*", ",;=,"]
)
def test_content_type_is_what_prometheus_client_negotiates(accept):
    assert (
        choose_format(accept).content_type == prometheus_client.exposition.choose_encoder(accept)[1]
    )


def test_invalid_version_gets_the_plain_text_format():
    assert (
        choose_format("application/openmetrics-text; version=x").content_type
        == "text/plain; version=0.0.4; charset=utf-8"
    )
