"""Variables of other tools in the environment: each has a decided effect, and most have none."""

import json
import os
import subprocess
import sys

import pytest

from telemetry.config import SettingError, TelemetryConfig
from tests.machine import PATIENCE_SECONDS

DIRECT = "without effect, for spans go to the receiver directly: "
OWN_PORT = "each worker exposes its own metrics on a port of its own; ignored"
REMOTE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector.example:4318"}

NOTICES = [
    ({"PROMETHEUS_MULTIPROC_DIR": "/tmp/x"}, [f"PROMETHEUS_MULTIPROC_DIR: {OWN_PORT}"]),
    ({"prometheus_multiproc_dir": "/tmp/x"}, [f"prometheus_multiproc_dir: {OWN_PORT}"]),
    ({"HTTP_PROXY": "http://proxy:3128"}, []),
    (REMOTE | {"HTTP_PROXY": "http://proxy:3128"}, []),
    (REMOTE | {"HTTPS_PROXY": "http://proxy:3128"}, [f"{DIRECT}HTTPS_PROXY"]),
    (REMOTE | {"https_proxy": "http://p", "ALL_PROXY": "x"}, [f"{DIRECT}https_proxy, ALL_PROXY"]),
    (
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318", "http_proxy": "http://p"},
        [f"{DIRECT}http_proxy"],
    ),
    (
        {"OTEL_TRACES_EXPORTER": "console"},
        ["OTEL_TRACES_EXPORTER='console': should be one of otlp, none; ignored"],
    ),
    (
        {"OTEL_TRACES_EXPORTER": "otlp,console"},
        ["OTEL_TRACES_EXPORTER='otlp,console': should be one of otlp, none; ignored"],
    ),
    ({"OTEL_TRACES_EXPORTER": "none"}, []),
    (
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        ["set, but not supported: OTEL_EXPORTER_OTLP_PROTOCOL=grpc (http/protobuf is)"],
    ),
    (
        {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
        ["set, but not supported: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json (http/protobuf is)"],
    ),
    ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, []),
    (
        {"OTEL_SDK_DISABLED": "yes"},
        ["OTEL_SDK_DISABLED='yes': should be true or false; ignored"],
    ),
    (
        {"OTEL_RESOURCE_ATTRIBUTES": "team"},
        ["OTEL_RESOURCE_ATTRIBUTES='team': entry 1 should be key=value, percent-encoded; ignored"],
    ),
    (
        {"OTEL_RESOURCE_ATTRIBUTES": "team=a,%zz=b"},
        [
            "OTEL_RESOURCE_ATTRIBUTES='team=a,%zz=b': entry 2 should be key=value, "
            "percent-encoded; ignored"
        ],
    ),
    (
        {"OTEL_RESOURCE_ATTRIBUTES": "=a"},
        ["OTEL_RESOURCE_ATTRIBUTES='=a': entry 1 has no key; ignored"],
    ),
    (
        {"OTEL_METRICS_EXPORTER": "none"},
        ["set, but not supported: OTEL_METRICS_EXPORTER=none (prometheus is)"],
    ),
    ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "flask"}, []),
    ({"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"}, []),
    ({"GEVENT_RESOLVER": "thread", "PYTHONHASHSEED": "0", "NO_COLOR": "1"}, []),
]


@pytest.mark.parametrize(("given", "expected"), NOTICES, ids=lambda given: ",".join(given)[:60])
def test_variable_without_effect_is_one_notice_that_names_it(given, expected):
    assert list(TelemetryConfig.from_env(given).notices) == expected


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (
            {"OTEL_TRACES_SAMPLER": "jaeger_remote"},
            "OTEL_TRACES_SAMPLER='jaeger_remote': should be one of always_on",
        ),
        (
            {"OTEL_TRACES_SAMPLER": "xray"},
            "OTEL_TRACES_SAMPLER='xray': should be one of always_on",
        ),
    ],
)
def test_sampler_that_is_not_supported_is_ignored_with_a_notice(given, line):
    config = TelemetryConfig.from_env(given)
    (notice,) = config.notices
    assert notice.startswith(line)
    assert config.sampler == "parentbased_traceidratio"


@pytest.mark.parametrize(
    "given",
    [
        {"OTEL_PROPAGATORS": "jaeger"},
        {"OTEL_PROPAGATORS": "tracecontext,xray"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "grpc://collector:4317"},
        {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "unix:///run/otel.sock"},
    ],
    ids=lambda given: ",".join(given.values()),
)
def test_setting_without_which_spans_go_astray_stops_the_start_with_its_name(given):
    with pytest.raises(SettingError, match=next(iter(given))):
        TelemetryConfig.from_env(given)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://c:4318/v1/traces", "http://c:4318/v1/traces"),
        ("http://c:4318", "http://c:4318"),
        ("http://c/otlp/traces?key=1", "http://c/otlp/traces?key=1"),
    ],
)
def test_endpoint_of_traces_is_used_as_it_is(url, expected):
    assert (
        TelemetryConfig.from_env({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url}).traces_url == expected
    )


SCRIPT = """
import json, logging, os, tempfile
from gevent import monkey; monkey.patch_all()
from flask import Flask
from prometheus_client import generate_latest
from telemetry import Telemetry
telemetry = Telemetry.from_env(dict(os.environ))
app = Flask("shop")
app.get("/")(lambda: "hello")
telemetry.init_app(app)
telemetry.start()
telemetry.lifecycle.ready()
status = app.test_client().get("/", buffered=True).status_code
text = generate_latest(telemetry.registry).decode()
counted = [line for line in text.splitlines()
           if line.startswith("http_server_request_duration_seconds_count")]
telemetry.shutdown()
print(json.dumps({"status": status, "counted": counted, "level": "RESULT",
                  "files": os.listdir(os.environ.get("PROMETHEUS_MULTIPROC_DIR", "/var/empty"))
                           if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else []}))
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"PROMETHEUS_MULTIPROC_DIR": "{folder}"},
        {"prometheus_multiproc_dir": "{folder}"},
        {"PROMETHEUS_DISABLE_CREATED_SERIES": "True"},
        {"OTEL_SDK_DISABLED": "true"},
        {"OTEL_TRACES_EXPORTER": "console"},
        {"OTEL_PYTHON_CONTEXT": "nonsense"},
        {"OTEL_PYTHON_TRACER_PROVIDER": "sdk_tracer_provider"},
        {"OTEL_PYTHON_ID_GENERATOR": "nonsense", "OTEL_PYTHON_LOG_CORRELATION": "true"},
        {"OTEL_RESOURCE_ATTRIBUTES": "broken", "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "none"},
        {"OTEL_ATTRIBUTE_COUNT_LIMIT": "many", "OTEL_BSP_SCHEDULE_DELAY": "-1"},
        {"GEVENT_RESOLVER": "thread", "GEVENT_THREADPOOL_SIZE": "1"},
        {"GEVENT_MONITOR_THREAD_ENABLE": "1", "GEVENT_TRACK_GREENLET_TREE": "0"},
        {"PYTHONHASHSEED": "0", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "socks5://127.0.0.1:1"},
    ],
    ids=lambda given: ",".join(given) or "nothing",
)
def test_process_counts_and_answers_whatever_is_in_its_environment(given, tmp_path):
    settings = {name: value.format(folder=tmp_path) for name, value in given.items()}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"TELEMETRY_MANAGEMENT_PORT": "0"} | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    result = lines[-1]
    assert (result["status"], result["files"], os.listdir(tmp_path)) == (200, [], [])
    (counted,) = result["counted"]
    assert counted.endswith(" 1.0")
