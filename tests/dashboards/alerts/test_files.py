"""The committed rules and routes: generated, valid by the real binaries, complete."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dashboards import alerts, board_json
from dashboards.__main__ import boards, main
from dashboards.alerts import held, routing
from dashboards.time_scale import LARGEST, TimeScale, in_seconds
from service import metrics, objectives
from telemetry import names
from tests.support import promtool

ALERTS = alerts.alerts(TimeScale())
FILES = alerts.files(TimeScale())
FOREIGN = {
    "up",
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "python_gc_collections_total",
    "python_gc_objects_collected_total",
    "python_gc_objects_uncollectable_total",
    "otelcol_process_uptime",
} | {
    f"otelcol_{what}_{signal}"
    for signal in ("spans", "metric_points", "log_records")
    for what in (
        "receiver_accepted",
        "receiver_refused",
        "exporter_sent",
        "exporter_send_failed",
        "exporter_enqueue_failed",
    )
}


def expressions() -> list[str]:
    return [
        str(rule["expr"])
        for name in ("rules/recording.yml", "rules/alerts.yml")
        for group in yaml.safe_load(FILES[name])["groups"]
        for rule in group["rules"]
    ]


def test_committed_files_are_generated_from_their_source() -> None:
    committed = {name: (alerts.DEPLOY / name).read_text(encoding="utf-8") for name in FILES}
    assert [name for name in FILES if FILES[name] != committed[name]] == [], (
        "run `python -m dashboards`"
    )
    assert {f"rules/{path.name}" for path in (alerts.DEPLOY / "rules").iterdir()} == {
        name for name in FILES if name.startswith("rules/")
    }


def test_texts_are_complete_sentences_without_a_variable_of_a_board() -> None:
    assert [alert.name for alert in ALERTS if not alert.action.endswith(".")] == []
    assert [alert.name for alert in ALERTS if not alert.summary] == []
    assert [
        name for name, text in FILES.items() if re.search(r"\$(service|instance)\b", text)
    ] == []


def test_alerts_of_one_name_differ_in_severity_or_label() -> None:
    keys = [(alert.name, alert.severity, *alert.labels.items()) for alert in ALERTS]
    assert sorted(keys) == sorted(set(keys))


def test_board_of_each_alert_exists() -> None:
    uids = {board.uid for board in boards().values()}
    assert {alert.board for alert in ALERTS} - uids == set()


def test_board_link_fills_in_only_variables_that_boards_have() -> None:
    variables = {
        variable["name"]
        for file in board_json.files()
        for variable in board_json.load(file)["templating"]["list"]
    }
    for alert in ALERTS:
        plain = re.sub(r"{{.*?}}", "", alert.board_path())
        query = parse_qs(urlsplit(plain).query, keep_blank_values=True)
        assert {name for name in query if name.startswith("var-")} <= {
            f"var-{name}" for name in variables
        }
        assert (query["from"], query["to"]) == (["now-1h"], ["now"])


def test_every_metric_of_a_rule_exists() -> None:
    recorded = {
        str(rule["record"])
        for group in yaml.safe_load(FILES["rules/recording.yml"])["groups"]
        for rule in group["rules"]
    }
    own = {
        metric.name + suffix
        for metric in (*names.ALL, *metrics.ALL)
        for suffix in (("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",))
    }
    named = {
        name
        for text in expressions()
        for name in re.findall(r"\b(?:serene:[\w:]+|[a-z]+_[a-z_]*[a-z])\b(?=[{\[)\s]|$)", text)
        if "_over_time" not in name and not name.startswith(("label_", "clamp_", "histogram_q"))
    }
    labels = {label for metric in (*names.ALL, *metrics.ALL) for label in metric.labels}
    target = {"service_name", "service_instance_id", "service_version"}
    target |= {"deployment_environment_name", "route_class"}
    functions = {"group_left", "humanize", "absent"}
    assert named - own - recorded - FOREIGN - labels - target - functions == set()


def test_first_class_has_the_target_of_the_health_report() -> None:
    first = objectives.ROUTE_CLASSES[0]
    assert (first.routes, first.seconds) == ((), objectives.LATENCY_SECONDS)
    assert {one.seconds for one in objectives.ROUTE_CLASSES} <= set(names.REQUEST_DURATION.buckets)


@pytest.mark.parametrize("scale", [1, 60, LARGEST])
@pytest.mark.backend
def test_prometheus_accepts_the_rules_at_every_time_scale(tmp_path: Path, scale: float) -> None:
    alerts.write(tmp_path, TimeScale(scale))
    paths = [tmp_path / "rules" / name for name in ("recording.yml", "alerts.yml")]
    done = promtool.promtool("check", "rules", "--lint=all", *paths)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"{len(ALERTS) + 1} rules found" in done.stdout


def test_command_writes_scaled_files_into_a_folder_only(tmp_path: Path) -> None:
    main(["--time-scale", "60", "--output", str(tmp_path)])
    written = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in files(tmp_path)}
    assert written == alerts.files(TimeScale(60))
    assert written.keys() == FILES.keys()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--time-scale", "60"], "give a folder with --output"),
        (["--time-scale", "76", "--output", "x"], "time scale 76: should be from 1 to 75"),
        (["--time-scale", "0", "--output", "x"], "time scale 0: should be from 1 to 75"),
    ],
)
def test_command_refuses_a_scale_that_cannot_work(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert message in capsys.readouterr().err


def test_scale_divides_every_duration_exactly() -> None:
    time = TimeScale(60)
    assert (time("5m"), time("1h"), time("30s"), time("3d")) == ("5s", "60s", "500ms", "4320s")
    assert TimeScale()("3d") == "3d"
    assert time.seconds(3600) == time.seconds("1h") == 60
    with pytest.raises(ValueError, match="'5 minutes' is no duration"):
        in_seconds("5 minutes")


def test_page_is_held_back_only_by_a_page() -> None:
    severities: dict[str, set[str]] = {}
    for alert in ALERTS:
        severities.setdefault(alert.name, set()).add(alert.severity)
    # It fires only after a page.
    severities[held.NAME] = {"page"}
    for rule in routing.INHIBITIONS:
        own_severity = rule.severity in ("", held.SEVERITY)
        causes = severities[rule.cause] if own_severity else {rule.severity}
        effects = {
            severity
            for name, own in severities.items()
            if re.fullmatch(rule.effects, name)
            for severity in own
            if rule.effect_severity in ("", severity)
        }
        assert effects, rule
        assert "page" not in effects or causes == {"page"}, rule
