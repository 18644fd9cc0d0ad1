"""Programs that read the manifests: the Collector its configurations, kube-score each overlay."""

import os
import re
import subprocess

import pytest

from stack import golang, paths
from stack.backends import BY_NAME
from stack.build import Builder
from stack.cluster.backends import TOOLS, VERSION
from stack.cluster.trial import overlay_path
from tests.deploy.files import text
from tests.deploy.kubernetes import manifests

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def builder():
    cache = paths.cache_directory()
    return Builder(golang.find(cache) or golang.fetch(cache), cache)


def run(*command, given=""):
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module", params=manifests.OVERLAYS)
def rendered(request, builder):
    kubectl = builder.build(TOOLS["kubernetes"]) / "kubectl"
    done = run(kubectl, "kustomize", overlay_path(request.param))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_control_plane_is_of_the_version_that_its_module_pins():
    assert f"\tk8s.io/kubernetes {VERSION}\n" in text("stack/kubernetes/go.mod")


@pytest.mark.slow
@pytest.mark.parametrize("role", ["agent", "gateway"])
def test_collector_accepts_its_configuration(builder, role):
    collector = builder.build(BY_NAME["collector"]) / "otelcol"
    workload = manifests.workloads("production")[f"serene-{role}"]
    (container,) = manifests.pod(workload)["containers"]
    environment = {each["name"]: each.get("value", "pod") for each in container["env"]}
    config = manifests.FOLDER / "collectors" / role / "generated" / "collector.yaml"
    arguments = [each for each in container["args"] if not each.startswith("--config")]
    done = subprocess.run(
        [collector, "validate", f"--config={config}", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_reviewer_finds_nothing_that_is_not_argued(builder, rendered):
    reviewer = builder.build(TOOLS["kube-score"]) / "kube-score"
    done = run(reviewer, "score", "--output-format=ci", "-", given=rendered)
    lines = [
        line for line in done.stdout.splitlines() if not line.startswith(("[OK]", "[SKIPPED]"))
    ]
    assert lines == []
    assert "[OK] serene/serene apps/v1/Deployment" in done.stdout


def test_every_exception_of_the_reviewer_has_its_reason_above():
    exception = r"kube-score/ignore:"
    argued = rf"(?m)^ +# .+\n +{exception}"
    for path in sorted(manifests.FOLDER.rglob("*.yaml")):
        written = path.read_text(encoding="utf-8")
        assert len(re.findall(argued, written)) == written.count(exception), path
