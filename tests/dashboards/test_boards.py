"""The committed boards: generated from their source, parsed by Grafana's types, without gaps."""

import json
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import board_json
from dashboards.__main__ import boards, to_json, write
from dashboards.layout import COLUMNS, Band
from dashboards.panels import Target, TimeSeries

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
    assert (
        generated.keys()
        == committed.keys()
        == {"service.json", "members.json", "mongodb.json", "runtime.json"}
    )
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
        "service.json": ("serene-service", "Service"),
        "members.json": ("serene-members", "Members"),
        "mongodb.json": ("serene-mongodb", "MongoDB"),
        "runtime.json": ("serene-runtime", "Runtime"),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_cover_the_board_without_overlap_or_gap(file: Path) -> None:
    panels = board_json.load(file)["panels"]
    cells = [
        (x, y)
        for panel in panels
        for position in [panel["gridPos"]]
        for x in range(position["x"], position["x"] + position["w"])
        for y in range(position["y"], position["y"] + position["h"])
    ]
    height = max(y for _, y in cells) + 1
    assert sorted(cells) == sorted((x, y) for x in range(COLUMNS) for y in range(height))
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_first_row_is_six_stats_under_is_it_bad(file: Path) -> None:
    panels = board_json.load(file)["panels"]
    second = [index for index, panel in enumerate(panels) if panel["type"] == "row"][1]
    assert panels[0]["title"].startswith("Is it bad?")
    assert [panel["type"] for panel in panels[1:second]] == ["stat"] * 6
    # Visible without scrolling: a screen of 1080 lines shows about 25 grid units.
    assert panels[second]["gridPos"]["y"] <= 8


@pytest.mark.parametrize("panel", PANELS)
def test_panel_has_unit_description_legends_and_data_source(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["unit"] != ""
    assert len(panel["description"].split()) >= 6
    assert panel["description"].endswith(".")
    assert [
        target["legendFormat"] for target in panel["targets"] if not target.get("legendFormat")
    ] == []
    assert [target["refId"] for target in panel["targets"]] == [
        chr(ord("A") + index) for index in range(len(panel["targets"]))
    ]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@pytest.mark.parametrize("panel", [one for one in PANELS if one.values[0]["type"] == "stat"])
def test_stat_has_a_text_for_no_data(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["noValue"].strip() != ""


def test_titles_are_unique_within_a_board() -> None:
    for file in FILES:
        titles = [panel["title"] for panel in board_json.panels(board_json.load(file))]
        assert sorted(titles) == sorted(set(titles)), file.stem


def test_latency_panels_query_exemplars() -> None:
    with_exemplars = {
        f"{file.stem}: {panel['title']}"
        for file in FILES
        for panel in board_json.panels(board_json.load(file))
        if all(target.get("exemplar") for target in panel["targets"])
    }
    assert with_exemplars >= {"service: Latency", "service: Latency, distribution"}


def test_legend_has_the_same_colour_on_every_board() -> None:
    colours: dict[str, set[str]] = {}
    for file in FILES:
        for panel in board_json.panels(board_json.load(file)):
            for override in panel["fieldConfig"].get("overrides", ()):
                for one in override["properties"]:
                    if one["id"] == "color":
                        colours.setdefault(override["matcher"]["options"], set()).add(
                            one["value"]["fixedColor"]
                        )
    assert {name: found for name, found in colours.items() if len(found) > 1} == {}
    assert colours["p95"] == {"orange"}


def test_band_refuses_a_number_of_panels_that_does_not_divide_the_width() -> None:
    panel = TimeSeries(title="x", unit="s", description="x", targets=(Target("up", "x"),))
    with pytest.raises(ValueError, match="5 panels do not share 24 columns evenly"):
        Band(5, *[panel] * 5)


def test_json_of_a_board_has_sorted_keys() -> None:
    generated = to_json(boards()["service.json"])
    assert (
        json.dumps(json.loads(generated), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        == generated
    )
