"""Names that refer to each other do: ports, selectors, metrics, hosts; pods are confined."""

import re

import pytest
import yaml

from stack.cluster import collectors, monitoring
from tests.deploy import files
from tests.deploy.kubernetes import manifests

NAMED = {
    name: {port["name"] for port in container.get("ports", ())}
    for name, container in manifests.containers("dev")
}


def selected(overlay, labels):
    """The workloads whose pods have these labels."""
    return [
        name
        for name, workload in manifests.workloads(overlay).items()
        if labels.items() <= workload["spec"]["template"]["metadata"]["labels"].items()
    ]


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_services_lead_to_declared_ports(overlay):
    services = manifests.of_kind(overlay, "Service")
    assert services.keys() >= {"serene", "serene-agent", "serene-gateway"}
    for name, service in services.items():
        assert selected(overlay, service["spec"]["selector"]) == [name]
        wanted = {port["targetPort"] for port in service["spec"]["ports"]}
        assert wanted <= NAMED[name]


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_network_policies_select_pods_and_open_declared_ports(overlay):
    policies = manifests.of_kind(overlay, "NetworkPolicy")
    assert policies.pop("nothing-by-default")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert policies.keys() == manifests.workloads(overlay).keys()
    for name, policy in policies.items():
        assert selected(overlay, policy["spec"]["podSelector"]["matchLabels"]) == [name]
        opened = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
        assert opened <= NAMED[name]


def test_egress_by_name_is_to_a_port_of_another_workload():
    every = set().union(*NAMED.values())
    named = {
        port["port"]
        for policy in manifests.of_kind("dev", "NetworkPolicy").values()
        for rule in policy["spec"].get("egress", ())
        for port in rule.get("ports", ())
        if isinstance(port["port"], str)
    }
    assert named == {"otlp-http", "otlp-grpc"} <= every


def test_pod_monitors_scrape_declared_ports_as_the_collector_does():
    monitors = manifests.of_kind("production", "PodMonitor")
    interval = files.variables("otel-collector.yaml")["SCRAPE_INTERVAL"]
    for monitor in monitors.values():
        names = selected("production", monitor["spec"]["selector"]["matchLabels"])
        assert names
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            assert all(endpoint["port"] in NAMED[name] for name in names)
            # The rules compare ages with this interval.
            assert (endpoint["interval"], endpoint["scrapeTimeout"]) == (interval, interval)
    config = yaml.safe_load(files.without_comments("otel-collector.yaml"))
    jobs = {
        job["job_name"]: job
        for job in config["receivers"]["prometheus"]["config"]["scrape_configs"]
    }
    (endpoint,) = monitors["serene"]["spec"]["podMetricsEndpoints"]
    dropped = {
        each["regex"]
        for each in jobs["serene"]["metric_relabel_configs"]
        if each.get("action") == "labeldrop"
    }
    assert {each["regex"] for each in endpoint["metricRelabelings"]} == dropped
    labels = {each["targetLabel"] for each in endpoint["relabelings"]}
    (target,) = jobs["serene"]["static_configs"]
    assert labels == {"job", "service_instance_id", *target["labels"]}
    assert monitors["serene"]["spec"]["scrapeProtocols"] == jobs["serene"]["scrape_protocols"]


def test_autoscaler_asks_for_the_metrics_that_the_adapter_serves():
    scaler = manifests.of_kind("production", "HorizontalPodAutoscaler")["serene"]["spec"]
    asked = [each["pods"]["metric"]["name"] for each in scaler["metrics"] if "pods" in each]
    rules = monitoring.adapter_rules()["rules"]
    assert asked == [rule["name"]["as"] for rule in rules]
    assert [each["resource"]["name"] for each in scaler["metrics"] if "resource" in each] == ["cpu"]
    assert scaler["scaleTargetRef"]["name"] == "serene"
    assert "replicas" not in manifests.workloads("production")["serene"]["spec"]


def test_disruption_budget_and_spread_select_the_pods():
    for name, budget in manifests.of_kind("production", "PodDisruptionBudget").items():
        assert selected("production", budget["spec"]["selector"]["matchLabels"]) == [name]
        spread = manifests.pod(manifests.workloads("production")[name])["topologySpreadConstraints"]
        assert {each["topologyKey"] for each in spread} == {
            "topology.kubernetes.io/zone",
            "kubernetes.io/hostname",
        }
        for each in spread:
            assert selected("production", each["labelSelector"]["matchLabels"]) == [name]


def test_hosts_in_the_cluster_are_services():
    namespaces = {"serene": "serene", "serene-gateway": "serene", "serene-agent": "serene-agents"}
    endpoint = manifests.settings("production")["OTEL_EXPORTER_OTLP_ENDPOINT"]
    host, port = re.fullmatch(r"http://([\w.-]+):(\d+)", endpoint).groups()
    name, namespace = host.split(".")
    assert namespaces[name] == namespace
    services = manifests.of_kind("production", "Service")
    assert [str(each["port"]) for each in services[name]["spec"]["ports"]] == [port]
    gateway, namespace, _ = collectors.GATEWAYS.split(".")
    assert namespaces[gateway] == namespace
    assert services[gateway]["spec"]["clusterIP"] == "None"
    assert services[name]["spec"]["internalTrafficPolicy"] == "Local"


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_pods_are_confined(overlay):
    for name, workload in manifests.workloads(overlay).items():
        pod = manifests.pod(workload)
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_only_the_agents_namespace_is_not_restricted():
    levels = {
        name: namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for name, namespace in manifests.of_kind("production", "Namespace").items()
    }
    assert levels == {"serene": "restricted", "serene-agents": "privileged"}


def test_images_are_those_of_compose():
    compose = {
        name: entry["image"].rpartition(":")[::2] for name, entry in files.services().items()
    }
    tags = {
        image["name"]: image["newTag"]
        for overlay in manifests.OVERLAYS
        for folder in manifests.folders_of(overlay)
        for image in manifests.kustomization(folder).get("images", ())
    }
    assert tags == {
        "serene": compose["service"][1],
        compose["collector"][0]: compose["collector"][1],
    }
    mongodb = manifests.pod(manifests.workloads("dev")["mongodb"])["containers"][0]["image"]
    assert mongodb.rpartition(":")[::2] == compose["mongodb"]


def test_user_is_the_images():
    (user,) = re.findall(r"(?m)^USER (\d+):\d+$", files.text("Dockerfile"))
    pod = manifests.pod(manifests.workloads("production")["serene"])
    assert pod["securityContext"]["runAsUser"] == int(user)


@pytest.mark.parametrize("overlay", manifests.OVERLAYS)
def test_variables_refer_to_earlier_ones(overlay):
    for name, container in manifests.containers(overlay):
        earlier = set()
        for variable in container.get("env", ()):
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= earlier, name
            earlier.add(variable["name"])
