"""Business metrics of routes: labels and counts."""

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics

from service import metrics as business
from service.http.business_metrics import counted


@pytest.fixture
def metrics():
    return PrometheusMetrics(
        app=None, path=None, export_defaults=False, registry=CollectorRegistry()
    )


@pytest.mark.parametrize("labels", [{}, {"outcome": str}, {"result": str, "method": str}])
def test_labels_must_be_those_of_the_metric(metrics, labels):
    with pytest.raises(TypeError, match="serene_post_reads_total has the labels"):
        counted(metrics, business.POST_READS, **labels)


def test_view_that_raises_is_counted_once_with_its_response(metrics):
    app = Flask("metered")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/")
    @counted(metrics, business.POST_READS, result=lambda response: str(response.status_code))
    def broken():
        raise KeyError("x")

    assert app.test_client().get("/").status_code == 500
    assert metrics.registry.get_sample_value("serene_post_reads_total", {"result": "500"}) == 1.0
