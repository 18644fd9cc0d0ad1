"""The overlays on a real control plane, with pretended nodes: accepted, and played through.

One control plane for all; a test leaves the service rolled out and healthy.
"""

import json
import os

import pytest
import yaml

from stack import golang, paths
from stack.build import Builder
from stack.cluster import components, trial
from stack.cluster.control_plane import ControlPlane
from stack.errors import StackError
from tests.deploy.kubernetes import autoscaling, cluster, manifests
from tests.support.polling import wait_until, wait_until_equal
from tests.support.ports import free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NODES = 6
PODS = 3
CORES = 0.6
"""Of a pod, with which the autoscaler adds none."""
IMAGE = "registry.serene.example/serene"
CUSTOM_METRICS = ("serene_requests_in_flight", "serene_requests_waiting_for_hub")
SECRETS = {"MONGODB_URI": "mongodb://example/serene"}


@pytest.fixture(scope="module")
def builder():
    cache = paths.cache_directory()
    return Builder(golang.find(cache) or golang.fetch(cache), cache)


@pytest.fixture(scope="module")
def plane(builder, tmp_path_factory):
    """A control plane with nodes and the production overlay."""
    ports = dict(zip(components.PORTS, free_ports(len(components.PORTS)), strict=True))
    with ControlPlane(tmp_path_factory.mktemp("kubernetes") / "plane", ports, builder) as started:
        trial.furnish(started, NODES)
        trial.install(started, "production", SECRETS)
        yield started


@pytest.fixture(autouse=True)
def healthy(plane):
    cluster.wait_until_rolled_out(plane, PODS)
    yield
    cluster.wait_until_rolled_out(plane, PODS)


def namespaces(plane):
    return {
        each["metadata"]["name"]: each["metadata"]["labels"]
        for each in plane.read("/api/v1/namespaces")["items"]
    }


def test_server_is_the_real_one(plane):
    version = json.loads(plane.get("/version")[1])
    assert version["gitVersion"] == "v1.34.4"


def test_production_runs_in_namespaces_that_enforce_their_level(plane):
    levels = {
        name: labels["pod-security.kubernetes.io/enforce"]
        for name, labels in namespaces(plane).items()
        if "pod-security.kubernetes.io/enforce" in labels
    }
    assert levels == {"serene": "restricted", "serene-agents": "privileged"}
    wait_until(lambda: len(cluster.pods(plane, "gateway")) == 2, what="the gateways")
    wait_until(
        lambda: len(cluster.pods(plane, "agent", "serene-agents")) == NODES,
        what="an agent on each node",
    )


def test_restricted_namespace_refuses_a_pod_that_is_not(plane):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "open", "namespace": "serene"},
        "spec": {"containers": [{"name": "open", "image": "serene"}]},
    }
    with pytest.raises(StackError, match='violates PodSecurity "restricted:latest"'):
        plane.apply([pod])


def test_server_refuses_what_its_schemas_do_not_know(plane):
    monitor = manifests.of_kind("production", "PodMonitor")["serene"]
    wrong = monitor | {
        "metadata": {"name": "wrong", "namespace": "monitoring"},
        "spec": monitor["spec"] | {"podMetricsEndpoint": []},
    }
    with pytest.raises(StackError, match='unknown field "podMetricsEndpoint"'):
        plane.apply([wrong])


def test_pods_are_spread_over_zones_and_nodes(plane):
    nodes = [each["spec"]["nodeName"] for each in cluster.pods(plane)]
    assert len(set(nodes)) == len(nodes)
    assert len({int(name.removeprefix("node-")) % 3 for name in nodes}) == 3


@pytest.mark.parametrize("overlay", trial.OVERLAYS)
def test_overlay_is_accepted_without_a_warning(plane, overlay):
    called = plane.kubectl(
        *("apply", "--server-side", "--dry-run=server", "--filename=-"),
        given=trial.render(plane, overlay),
    )
    assert (called.code, called.error) == (0, "")
    applied = {line.split()[0].partition("/")[2] for line in called.output.splitlines()}
    assert {each["metadata"]["name"] for each in manifests.objects(overlay)} <= applied


def changed(plane, folder, **change):
    """Apply the production overlay with a change."""
    base = os.path.relpath(trial.overlay_path("production"), folder)
    kustomization = {"resources": [base], **change}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    plane.apply(cluster.run(plane, "kustomize", str(folder)).output)


def test_changed_setting_rolls_out_with_every_pod_serving(plane, tmp_path):
    before = {each["metadata"]["name"] for each in cluster.pods(plane)}
    setting = {"name": "serene-settings", "namespace": "serene", "behavior": "merge"}
    changed(plane, tmp_path, configMapGenerator=[setting | {"literals": ["LOG_LEVEL=WARNING"]}])
    available = []

    def replaced():
        available.append(cluster.deployment(plane)["status"].get("availableReplicas", 0))
        now = {each["metadata"]["name"] for each in cluster.pods(plane)}
        return cluster.is_rolled_out(plane) and not now & before

    wait_until(
        replaced,
        timeout_seconds=cluster.PATIENCE_SECONDS,
        interval_seconds=0.1,
        what="only pods with the new setting",
    )
    assert min(available) == PODS


def test_wrong_image_stops_the_rollout_and_takes_no_pod(plane, tmp_path):
    before = {each["metadata"]["name"] for each in cluster.pods(plane)}
    # Longer than minReadySeconds; usually five minutes.
    soon = {"op": "replace", "path": "/spec/progressDeadlineSeconds", "value": 8}
    changed(
        plane,
        tmp_path,
        images=[{"name": IMAGE, "newTag": "missing"}],
        patches=[
            {"target": {"kind": "Deployment", "name": "serene"}, "patch": yaml.safe_dump([soon])}
        ],
    )

    def given_up():
        found = cluster.conditions(cluster.deployment(plane))
        return found.get("Progressing=False") == "ProgressDeadlineExceeded"

    wait_until(given_up, timeout_seconds=cluster.PATIENCE_SECONDS, what="the deadline")
    new = [each for each in cluster.pods(plane) if each["metadata"]["name"] not in before]
    reasons = {
        status["state"]["waiting"]["reason"]
        for each in new
        for status in each["status"]["containerStatuses"]
    }
    assert reasons == {"ImagePullBackOff"}
    ready = {each["metadata"]["name"] for each in cluster.pods(plane) if cluster.is_ready(each)}
    assert ready == before
    trial.install(plane, "production", SECRETS)


def test_disruption_budget_holds_up_the_drain_of_a_node(plane):
    kept, other, *_ = sorted(cluster.pods(plane), key=lambda each: each["metadata"]["name"])
    unready = [{"type": "Ready", "status": "False", "reason": "Planted"}]
    cluster.run(
        plane,
        *("patch", "pod", other["metadata"]["name"], "--subresource=status"),
        f"--patch={json.dumps({'status': {'conditions': unready}})}",
    )
    budget = cluster.NAMESPACE.format("policy/v1", "poddisruptionbudgets/serene")
    wait_until(
        lambda: plane.read(budget)["status"]["disruptionsAllowed"] == 0, what="a spent budget"
    )
    node = kept["spec"]["nodeName"]
    drain = ("drain", node, "--ignore-daemonsets", "--delete-emptydir-data")
    held = plane.kubectl(*drain, "--timeout=3s", "--pod-selector=app.kubernetes.io/component=api")
    assert held.code != 0
    assert "Cannot evict pod as it would violate the pod's disruption budget" in held.error
    assert kept["metadata"]["name"] in {each["metadata"]["name"] for each in cluster.pods(plane)}

    # Its replacement is ready at once, and with it the budget is whole again.
    cluster.run(plane, "delete", "pod", other["metadata"]["name"])
    cluster.wait_until_rolled_out(plane, PODS)
    done = plane.kubectl(*drain, "--timeout=60s", "--pod-selector=app.kubernetes.io/component=api")
    assert done.code == 0, done.error
    cluster.wait_until_rolled_out(plane, PODS)
    assert node not in {each["spec"]["nodeName"] for each in cluster.pods(plane)}
    assert plane.kubectl("uncordon", node).code == 0


@pytest.fixture(scope="module")
def metrics(plane, builder, tmp_path_factory):
    with autoscaling.running(plane, builder, tmp_path_factory.mktemp("metrics")) as running:
        yield running


@pytest.fixture
def load(plane, metrics, tmp_path):
    """The load of a new autoscaler with all its metrics, which remembers no recommendation."""
    cluster.run(plane, "delete", "horizontalpodautoscaler", "serene")
    cluster.run(plane, "scale", "deployment", "serene", f"--replicas={PODS}")
    # Five minutes would hide what else keeps it from removing pods.
    policies = [{"type": "Percent", "value": 100, "periodSeconds": 15}]
    at_once = {"stabilizationWindowSeconds": 0, "policies": policies}
    soon = {"op": "replace", "path": "/spec/behavior/scaleDown", "value": at_once}
    target = {"kind": "HorizontalPodAutoscaler", "name": "serene"}
    changed(plane, tmp_path, patches=[{"target": target, "patch": yaml.safe_dump([soon])}])
    metrics.load.calm()
    wait_until_equal(
        lambda: autoscaling.read(plane),
        {*CUSTOM_METRICS, "cpu"},
        timeout_seconds=cluster.PATIENCE_SECONDS,
        interval_seconds=0.2,
    )
    return metrics.load


def test_autoscaler_without_custom_metrics_adds_pods_by_processor_time_and_removes_none(
    plane, metrics, load
):
    load.pods_are_scraped = False
    autoscaling.wait_until_metric_lacks(plane, CUSTOM_METRICS[0])
    assert autoscaling.read(plane) == {"cpu"}
    assert cluster.replicas(plane) == PODS

    load.cores = 2 * PODS * CORES
    cluster.wait_until_rolled_out(plane, 2 * PODS)
    by_cpu = "cpu resource utilization (percentage of request)"
    assert autoscaling.condition(plane, "ScalingActive") == (
        "ValidMetricFound",
        f"the HPA was able to successfully calculate a replica count from {by_cpu}",
    )
    events = autoscaling.events(plane)
    for metric in CUSTOM_METRICS:
        assert f"FailedGetPodsMetric: unable to get metric {metric}:" in events
    assert f"; reason: {by_cpu} above target" in events

    metrics.plane.end(autoscaling.CUSTOM)
    load.calm()
    load.pods_are_scraped = True
    autoscaling.wait_until_metric_lacks(plane, CUSTOM_METRICS[0])
    added = cluster.replicas(plane)
    # A decision a second.
    with pytest.raises(AssertionError, match="not within 5 s"):
        wait_until(lambda: cluster.replicas(plane) != added, timeout_seconds=5)

    metrics.start_adapter(autoscaling.CUSTOM)
    wait_until_equal(
        lambda: cluster.replicas(plane), PODS, timeout_seconds=cluster.PATIENCE_SECONDS
    )


def test_autoscaler_follows_requests_in_flight_and_the_wait_for_the_hub(plane, load):
    load.in_flight = 2 * PODS * 20
    cluster.wait_until_rolled_out(plane, 2 * PODS)
    assert cluster.replicas(plane) == 2 * PODS
    assert autoscaling.read(plane) == {*CUSTOM_METRICS, "cpu"}
    load.waiting = 10 * 2 * PODS
    cluster.wait_until_rolled_out(plane, 2 * PODS + 1)
