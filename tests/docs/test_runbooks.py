"""Runbooks: one for each alert, in the same parts; what they name exists."""

import re
from pathlib import Path
from typing import get_args

import pytest

from dashboards import alerts, board_json
from dashboards.time_scale import TimeScale
from service import metrics
from stack.cli import _build_parser
from telemetry import names
from telemetry.optional_mongo import PAGES
from tests.support import promtool
from tests.support.runbooks import BLOCK, blocks

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "runbooks"
BY_PATH = {alert.runbook: alert for alert in alerts.alerts(TimeScale())}
RUNBOOKS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ["What it means", "First check", "Causes and remedies", "Silence"]


def test_each_alert_has_its_runbook_and_each_runbook_its_alert() -> None:
    assert {path.relative_to(ROOT).as_posix() for path in RUNBOOKS} == BY_PATH.keys()


def test_index_lists_every_runbook() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(([\w-]+\.md)\)", index)) == {path.name for path in RUNBOOKS}


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_runbook_has_every_part_and_the_board_of_its_alert(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    alert = BY_PATH[path.relative_to(ROOT).as_posix()]
    assert text.splitlines()[0] == f"# {alert.name}"
    assert re.findall(r"(?m)^## (.+)$", text) == PARTS
    assert f"`/d/{alert.board}`" in text.split("## ")[0]
    assert text.count("\n| ") >= 4, "fewer than two causes"
    assert f"amtool silence add alertname={alert.name} " in text.rpartition("## Silence")[2]


@pytest.mark.parametrize("path", [*RUNBOOKS, FOLDER / "README.md"], ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)", path.read_text(encoding="utf-8"))
    for target, anchor in links:
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), target
        if anchor:
            titles = re.findall(r"(?m)^#+ (.+)$", file.read_text(encoding="utf-8"))
            anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
            assert anchor in anchors, f"{target}#{anchor}"


def quoted(path: Path) -> set[str]:
    """Return every text in backticks outside of blocks."""
    return set(re.findall(r"`([^`\n]+)`", BLOCK.sub("", path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_named_settings_metrics_and_pages_exist(path: Path) -> None:
    settings = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    settings += (ROOT / "otel-collector.yaml").read_text(encoding="utf-8")
    texts = quoted(path)
    variables = {text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)}
    assert {name for name in variables if name not in settings} == set()
    own = {metric.name for metric in (*names.ALL, *metrics.ALL)}
    named = {
        found[1]
        for text in texts
        if (found := re.match(r"((?:http|db|gevent|telemetry|mongodb|service|serene)_\w+)", text))
    }
    labels = {label for metric in (*names.ALL, *metrics.ALL) for label in metric.labels}
    phases = set(get_args(names.Phase))
    assert named - own - labels - phases - {"service_instance_id"} == set()
    debug = {text for text in texts if text.startswith("/debug/")}
    known = re.findall(r"`(/debug/\w+)", (ROOT / "docs/debugging.md").read_text(encoding="utf-8"))
    assert debug - {*known, *PAGES} == set()


@pytest.mark.backend
@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_prometheus_parses_every_query(path: Path, tmp_path: Path) -> None:
    queries = blocks(path.read_text(encoding="utf-8"), "promql")
    assert queries, "a first check has a query"
    assert promtool.check_rules(queries, tmp_path) == (0, f"{len(queries)} rules found")


def test_queries_name_only_metrics_that_exist() -> None:
    rules = "".join(
        (alerts.DEPLOY / f"rules/{file}.yml").read_text()
        for file in ("recording", "telemetry_lost")
    )
    recorded = re.findall(r"(?m)record: (\S+)", rules)
    own = {
        metric.name + suffix
        for metric in (*names.ALL, *metrics.ALL)
        for suffix in (("_bucket", "_count", "_sum") if metric.kind == "histogram" else ("",))
    } | {*recorded, "up", "process_start_time_seconds", "process_resident_memory_bytes"}
    labels = {label for metric in (*names.ALL, *metrics.ALL) for label in metric.labels}
    labels |= {"service_name", "service_instance_id"}
    for path in RUNBOOKS:
        for query in blocks(path.read_text(encoding="utf-8"), "promql"):
            # Without texts and names of functions.
            plain = re.sub(r'"[^"]*"|\b\w+ ?\(', "", query)
            found = set(re.findall(r"\b[a-z][a-z0-9]*(?:[_:][a-z0-9_:]+)+\b", plain))
            unknown = {name for name in found - own - labels if not name.startswith("otelcol_")}
            assert unknown == set(), path.stem


def test_commands_of_serene_exist() -> None:
    parser = _build_parser()
    for path in RUNBOOKS:
        for line in re.findall(r"\./serene ([^`\n]+)", path.read_text(encoding="utf-8")):
            arguments = line.strip().replace("ID", "0af7651916cd43dd8448eb211c80319c").split()
            assert parser.parse_args(arguments).command == arguments[0], path.stem


def test_boards_of_runbooks_have_the_titles_that_they_are_given() -> None:
    titles = {
        board_json.load(file)["uid"]: board_json.load(file)["title"] for file in board_json.files()
    }
    for path in RUNBOOKS:
        for title, uid in re.findall(r"board ([\w ]+) \(`/d/([\w-]+)`\)", path.read_text()):
            assert titles[uid] == title, path.stem
