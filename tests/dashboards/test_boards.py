"""The committed boards: generated from their source, parsed by Grafana's types, without gaps."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import board_json, config, variables
from dashboards.__main__ import boards, to_json, write
from dashboards.layout import COLUMNS, Band
from dashboards.panels import Column, Table, Target, TimeSeries

FILES = board_json.files()
PANELS = [
    pytest.param(panel, id=f"{file.stem}: {panel['title']}")
    for file in FILES
    for panel in board_json.panels(board_json.load(file))
]


def test_committed_boards_are_generated_from_their_source(tmp_path: Path) -> None:
    write(tmp_path)
    generated = {file.name: file.read_text() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_text() for file in FILES}
    assert generated.keys() == committed.keys()
    assert [name for name in generated if generated[name] != committed[name]] == [], (
        "run `python -m dashboards`"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_board_round_trips_through_grafanas_own_types(file: Path) -> None:
    committed = board_json.load(file)
    again = json.loads(json.dumps(Dashboard.from_json(committed), cls=JSONEncoder))
    # The SDK parses every placement of a link as the only value of its enum.
    assert again | {"links": [link | {"placement": ""} for link in again["links"]]} == committed


def test_uid_and_title_of_each_board_never_change() -> None:
    assert {name: (generated.uid, generated.title) for name, generated in boards().items()} == {
        "home.json": ("serene-home", "Home"),
        "life-cycle.json": ("serene-life-cycle", "Life cycle"),
        "service.json": ("serene-service", "Service"),
        "members.json": ("serene-members", "Members"),
        "mongodb.json": ("serene-mongodb", "MongoDB"),
        "runtime.json": ("serene-runtime", "Runtime"),
        "slow-requests.json": ("serene-slow-requests", "Slow requests"),
        "telemetry-pipeline.json": ("serene-telemetry", "Telemetry pipeline"),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_cover_the_board_without_overlap_or_gap(file: Path) -> None:
    board = board_json.load(file)
    assert_covered(board["panels"], top=0)
    rows = [panel for panel in board["panels"] if panel["type"] == "row"]
    for row in rows:
        assert row["collapsed"] == bool(row["panels"])
        if row["panels"]:
            assert_covered(row["panels"], top=row["gridPos"]["y"] + 1)
    ids = [panel["id"] for panel in [*rows, *board_json.panels(board)]]
    assert sorted(ids) == list(range(1, len(ids) + 1))


def assert_covered(panels: list[dict[str, Any]], top: int) -> None:
    cells = [
        (x, y)
        for panel in panels
        for position in [panel["gridPos"]]
        for x in range(position["x"], position["x"] + position["w"])
        for y in range(position["y"], position["y"] + position["h"])
    ]
    bottom = max(y for _, y in cells) + 1
    assert sorted(cells) == sorted((x, y) for x in range(COLUMNS) for y in range(top, bottom))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_first_row_answers_whether_it_is_bad(file: Path) -> None:
    panels = board_json.load(file)["panels"]
    second = [index for index, panel in enumerate(panels) if panel["type"] == "row"][1]
    assert panels[0]["title"].startswith("Is it bad?")
    assert {panel["type"] for panel in panels[1:second]} == {"stat"}
    # Visible without scrolling: a screen of 1080 lines shows about 25 grid units.
    assert panels[second]["gridPos"]["y"] <= 9


SOURCES = {
    "prometheus": {"type": "prometheus", "uid": "${datasource}"},
    "tempo": {"type": "tempo", "uid": "tempo"},
    "loki": {"type": "loki", "uid": "loki"},
}


@pytest.mark.parametrize("panel", PANELS)
def test_panel_has_a_description(panel: dict[str, Any]) -> None:
    assert len(panel["description"].split()) >= 6
    assert panel["description"].endswith(".")


@pytest.mark.parametrize("panel", [one for one in PANELS if one.values[0]["type"] != "text"])
def test_panel_has_unit_legends_and_data_source(panel: dict[str, Any]) -> None:
    source = panel["datasource"]
    assert source == SOURCES[source["type"]]
    assert panel["fieldConfig"]["defaults"]["unit"] != ""
    if source["type"] == "prometheus":
        assert all(target["legendFormat"] for target in panel["targets"])
    assert [target["refId"] for target in panel["targets"]] == [
        chr(ord("A") + index) for index in range(len(panel["targets"]))
    ]


@pytest.mark.parametrize("panel", PANELS)
def test_panel_queries_exemplars_once(panel: dict[str, Any]) -> None:
    assert sum(bool(target.get("exemplar")) for target in panel.get("targets") or ()) <= 1


@pytest.mark.parametrize("panel", [one for one in PANELS if one.values[0]["type"] == "stat"])
def test_stat_has_a_text_for_no_data(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["noValue"].strip() != ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_board_has_the_variables_and_annotations_of_all_boards(file: Path) -> None:
    board = board_json.load(file)
    names = [one["name"] for one in board["templating"]["list"]]
    assert names == ["datasource", *variables.ALL]
    for one in board["templating"]["list"][1:]:
        assert (one["multi"], one["includeAll"]) == (True, True)
        assert one["allValue"] == variables.ALL[one["name"]]
        # Each is narrowed by those before it.
        earlier = names[1 : names.index(one["name"])]
        assert re.findall(r"\$(\w+)", one["query"]["query"]) == earlier
    assert [one["name"] for one in board["annotations"]["list"]] == [
        "New versions",
        "Drains and starts",
        "Alerts",
        "Faults",
    ]


def test_links_to_boards_keep_variables_and_time() -> None:
    uids = {board_json.load(file)["uid"] for file in FILES}
    found = {
        link["url"]
        for file in FILES
        for panel in board_json.panels(board_json.load(file))
        for link in panel.get("fieldConfig", {}).get("defaults", {}).get("links") or ()
        if link["url"].startswith("/d/")
    }
    assert found
    for url in found:
        path, _, query = url.partition("?")
        assert path.removeprefix("/d/") in uids
        assert all(f"var-{name}=" in query or f"${{{name}:" in query for name in variables.ALL)
        assert query.endswith("&${__url_time_range}")
    for file in FILES:
        (link,) = board_json.load(file)["links"]
        assert (link["tags"], link["includeVars"], link["keepTime"]) == (["serene"], True, True)


def test_titles_are_unique_within_a_board() -> None:
    for file in FILES:
        titles = [panel["title"] for panel in board_json.panels(board_json.load(file))]
        assert sorted(titles) == sorted(set(titles)), file.stem


def test_latency_panels_query_exemplars() -> None:
    with_exemplars = {
        f"{file.stem}: {panel['title']}"
        for file in FILES
        for panel in board_json.panels(board_json.load(file))
        if any(target.get("exemplar") for target in panel.get("targets") or ())
    }
    assert with_exemplars >= {"service: Latency, distribution", "members: Companion answer time"}


def test_legend_has_the_same_colour_on_every_board() -> None:
    colours: dict[str, set[str]] = {}
    for file in FILES:
        for panel in board_json.panels(board_json.load(file)):
            for override in panel.get("fieldConfig", {}).get("overrides", ()):
                for one in override["properties"]:
                    if one["id"] == "color":
                        colours.setdefault(override["matcher"]["options"], set()).add(
                            one["value"]["fixedColor"]
                        )
    assert {name: found for name, found in colours.items() if len(found) > 1} == {}
    assert colours["p95"] == {"blue"}


def test_colours_of_limits_are_of_no_quantile() -> None:
    quantiles = {"p50", "p95", "p99", "median", "highest", "worst instance", "oldest"}
    assert {config.NAMES[name] for name in quantiles} & {config.WARN, config.BAD} == set()


@pytest.mark.parametrize(
    ("legend", "name", "colour"),
    [
        ("{{http_response_status_code}}", "204", "green"),
        ("{{http_response_status_code}}", "503", "red"),
        ("{{model}} {{error_type}}", "large ModelFailed", "red"),
        ("login: {{result}}", "login: failure", "red"),
        ("login: {{result}}", "login: success", "green"),
    ],
)
def test_status_or_name_that_ends_with_a_result_has_its_colour(
    legend: str, name: str, colour: str
) -> None:
    panel = TimeSeries(title="x", unit="s", description="x", targets=(Target("up", legend),))
    found = {
        override.properties[0].value["fixedColor"]
        for override in panel.build().build().field_config.overrides
        if override.matcher.id_val == "byRegexp"
        and re.search(override.matcher.options.strip("/"), name)
    }
    assert found == {colour}


def test_band_refuses_a_number_of_panels_that_does_not_divide_the_width() -> None:
    panel = TimeSeries(title="x", unit="s", description="x", targets=(Target("up", "x"),))
    with pytest.raises(ValueError, match="5 panels do not share 24 columns evenly"):
        Band(5, *[panel] * 5)
    with pytest.raises(ValueError, match="are not 24 columns of 2 panels"):
        Band(5, panel, panel, columns=(8, 8))


def test_band_refuses_a_table_that_would_cut_columns_on_a_narrow_screen() -> None:
    columns = tuple(Column(name, "s", "up") for name in ("p50", "p95"))
    keys = {"http_route": "Route"}
    routes = Table(title="Routes", unit="s", description="x", keys=keys, columns=columns)
    assert Band(8, routes, routes).height == 8
    four = replace(routes, columns=columns * 2)
    with pytest.raises(ValueError, match="the table 'Routes' needs 734 pixels and has 608"):
        Band(8, four, four)


def test_tables_give_each_column_a_width_and_the_rest_to_the_first_key() -> None:
    tables = [one.values[0] for one in PANELS if one.values[0]["type"] == "table"]
    for panel in tables:
        if panel["datasource"]["type"] == "tempo":
            continue
        properties = {
            override["matcher"]["options"]: {one["id"] for one in override["properties"]}
            for override in panel["fieldConfig"]["overrides"]
        }
        (organized,) = [one for one in panel["transformations"] if one["id"] == "organize"]
        order = organized["options"]["indexByName"]
        headings = organized["options"]["renameByName"]
        first, *others = (headings[name] for name in sorted(order, key=order.__getitem__))
        assert properties[first] >= {"custom.minWidth", "custom.wrapText"}, panel["title"]
        for heading in others:
            assert "custom.width" in properties[heading], panel["title"]


def test_json_of_a_board_has_sorted_keys() -> None:
    generated = to_json(boards()["service.json"])
    assert (
        json.dumps(json.loads(generated), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        == generated
    )
