"""The committed files that ``python -m stack.cluster`` writes, and what is in them."""

import yaml

from dashboards import board_json
from stack.cluster import collectors, monitoring
from stack.cluster.generated import files
from tests.deploy.files import ROOT, text

CONFIG_MAP_BYTES = 2**20


def test_committed_files_are_generated_from_their_sources():
    assert [name for name, written in files().items() if text(name) != written] == [], (
        "run: python -m stack.cluster"
    )


def test_every_committed_file_below_a_generated_folder_is_written():
    committed = {
        path.relative_to(ROOT).as_posix()
        for folder in (ROOT / "deploy" / "kubernetes").rglob("generated")
        for path in folder.iterdir()
    }
    assert committed == {name for name in files() if name.startswith("deploy/kubernetes/")}


def test_operator_gets_every_group_of_the_rules():
    rules = sorted((ROOT / "deploy" / "rules").glob("*.yml"))
    groups = [
        group
        for file in rules
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]
    assert monitoring.prometheus_rule()["spec"]["groups"] == groups
    names = [group["name"] for group in groups]
    assert len(names) == len(set(names)) > 0


def test_every_board_is_a_config_map_of_its_own_that_is_small_enough():
    maps = monitoring.boards_kustomization()["configMapGenerator"]
    assert [each["files"] for each in maps] == [[file.name] for file in board_json.files()]
    sizes = {file.name: file.stat().st_size for file in board_json.files()}
    assert {name: size for name, size in sizes.items() if size > CONFIG_MAP_BYTES} == {}


def test_collectors_listen_at_the_ports_that_their_pods_declare():
    for role, configuration in (
        ("agent", collectors.agent()),
        ("gateway", collectors.gateway()),
    ):
        ports = collectors.PORTS[role]
        (receiver,) = configuration["receivers"]["otlp"]["protocols"].values()
        metrics = configuration["service"]["telemetry"]["metrics"]["readers"][0]["pull"]
        listening = (
            receiver["endpoint"],
            metrics["exporter"]["prometheus"]["port"],
            configuration["extensions"]["health_check"]["endpoint"],
        )
        entry = next(iter(ports.values()))
        assert [each.rpartition(":")[2].rpartition("-")[2].strip("}") for each in listening] == [
            str(entry),
            str(ports["metrics"]),
            str(ports["health"]),
        ]


def test_agents_choose_a_gateway_by_trace_id():
    exporter = collectors.agent()["exporters"]["load_balancing"]
    assert exporter["routing_key"] == "traceID"
    assert exporter["resolver"]["dns"]["port"] == str(collectors.GATEWAY_PORT)
