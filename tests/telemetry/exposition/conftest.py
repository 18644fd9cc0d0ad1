"""prometheus_client without its ``_created`` samples, which the exposition leaves out."""

import prometheus_client
import pytest


@pytest.fixture(scope="module", autouse=True)
def _client_without_created_samples():
    prometheus_client.disable_created_metrics()
    yield
    prometheus_client.enable_created_metrics()
