"""The committed boards.

As their source makes them, readable by Grafana's types, whole in what they say, without gaps.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import reading
from dashboards.__main__ import boards, text, write
from dashboards.layout import COLUMNS, Band, Section, board
from dashboards.panels import Head, Series, lines

FILES = reading.board_files()
PANELS = [
    pytest.param(panel, id=f"{file.stem}: {panel['title']}")
    for file in FILES
    for panel in reading.panels(reading.load(file))
]


def test_committed_boards_are_what_their_source_makes(tmp_path: Path) -> None:
    write(tmp_path)
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    committed = {file.name: file.read_text() for file in FILES}
    assert (
        made.keys()
        == committed.keys()
        == {"service.json", "members.json", "mongodb.json", "runtime.json"}
    )
    assert [name for name in made if made[name] != committed[name]] == [], (
        "run `python -m dashboards`"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_board_survives_grafanas_own_types(file: Path) -> None:
    committed = reading.load(file)
    again = json.loads(json.dumps(Dashboard.from_json(committed), cls=JSONEncoder))
    # The SDK reads a link's placement as the one value it knows.
    assert again | {"links": [link | {"placement": ""} for link in again["links"]]} == committed


def test_each_board_has_an_address_of_its_own_that_never_changes() -> None:
    assert {name: (made.uid, made.title) for name, made in boards().items()} == {
        "service.json": ("serene-service", "Service"),
        "members.json": ("serene-members", "Members"),
        "mongodb.json": ("serene-mongodb", "MongoDB"),
        "runtime.json": ("serene-runtime", "Runtime"),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_panels_cover_the_board_without_overlap_or_gap(file: Path) -> None:
    panels = reading.load(file)["panels"]
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
def test_first_section_says_whether_it_is_bad(file: Path) -> None:
    panels = reading.load(file)["panels"]
    second = [index for index, panel in enumerate(panels) if panel["type"] == "row"][1]
    assert panels[0]["title"].startswith("Is it bad?")
    assert [panel["type"] for panel in panels[1:second]] == ["stat"] * 6
    # Seen without scrolling: a screen of 1080 lines shows about 25 grid units.
    assert panels[second]["gridPos"]["y"] <= 8


@pytest.mark.parametrize("panel", PANELS)
def test_panel_says_what_it_shows_in_which_unit_and_of_what(panel: dict[str, Any]) -> None:
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
def test_number_has_a_text_for_having_no_data(panel: dict[str, Any]) -> None:
    assert panel["fieldConfig"]["defaults"]["noValue"].strip() != ""


def test_titles_are_unique_within_a_board() -> None:
    for file in FILES:
        titles = [
            panel["title"]
            for panel in reading.panels(reading.load(file))
            if not panel["title"].startswith("Machine")
        ]
        assert (
            len(titles) - len(set(titles))
            == {"service": 0, "members": 0, "mongodb": 1, "runtime": 1}[file.stem]
        ), file.stem


def test_latency_panels_ask_for_exemplars() -> None:
    asking = {
        f"{file.stem}: {panel['title']}"
        for file in FILES
        for panel in reading.panels(reading.load(file))
        if all(target.get("exemplar") for target in panel["targets"])
    }
    assert asking >= {"service: Latency", "service: Latency, distribution"}


def test_same_name_has_the_same_colour_on_every_board() -> None:
    colours: dict[str, set[str]] = {}
    for file in FILES:
        for panel in reading.panels(reading.load(file)):
            for override in panel["fieldConfig"].get("overrides", ()):
                for one in override["properties"]:
                    if one["id"] == "color":
                        colours.setdefault(override["matcher"]["options"], set()).add(
                            one["value"]["fixedColor"]
                        )
    assert {name: found for name, found in colours.items() if len(found) > 1} == {}
    assert colours["p95"] == {"orange"}


def test_uneven_band_is_refused() -> None:
    panel = lines(Head("x", "s", "x"), Series("up", "x"))
    with pytest.raises(ValueError, match="5 panels do not share 24 columns evenly"):
        board("x", "x", "x", [Section("x", [Band(5, [panel] * 5)])])


def test_text_of_a_board_is_json_with_keys_in_order() -> None:
    made = text(boards()["service.json"])
    assert json.dumps(json.loads(made), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == made
