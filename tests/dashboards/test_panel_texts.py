"""Texts of panels name what exists, and data sources are those that are provisioned.

A description names label values, metrics, settings, log lines and pages; each is searched where it
comes from, so a renamed one fails here.
"""

import re

import pytest

from dashboards.board_json import files, load, panels
from tests.support import boards, known_metrics
from tests.support.boards import ROOT
from tests.support.code_texts import constants

PANELS = [(file.stem, panel) for file in files() for panel in panels(load(file))]

ELSEWHERE = {
    "greater_than_max_sample_age": "a reason of Loki",
    "ulimit -n": "a command of the shell",
    "gc.freeze": "a function of Python",
    "available": "a state of psutil's memory",
    "COLLSCAN": "a stage of MongoDB's plans",
    "establishing": "a state of a connection",
}
"""Names in texts that our code does not hold, and whose they are."""


CONSTANTS = constants()
WORDS = frozenset(word for text in CONSTANTS for word in re.findall(r"[\w.]+", text))
SETTINGS = frozenset(re.findall(r"`([A-Z][A-Z_0-9]+)`", (ROOT / "docs/settings.md").read_text()))
METRICS = known_metrics.OWN.keys() | known_metrics.THEIRS.keys()


def exists(name: str) -> bool:
    """Return whether a name in a text is one of the code, of a setting or of a metric."""
    if name in WORDS | SETTINGS | METRICS | ELSEWHERE.keys():
        return True
    path = name.removeprefix("GET ").strip()
    start = path.removesuffix("…").strip()
    return any(start in text or fills(text, start) for text in CONSTANTS if len(start) > 3)


def fills(template: str, text: str) -> bool:
    """Return whether a text is the beginning of a log line with two values filled in."""
    begin, *others = template.split("%s")
    return bool(begin and others) and text.startswith(begin) and others[0].strip(" :") in text


def names_in(text: str) -> set[str]:
    """Return what a description names: in backticks, with underscores, or as a list of values."""
    quoted = set(re.findall(r"`([^`]+)`", text))
    plain = re.sub(r"`[^`]+`", "", text)
    snake = set(re.findall(r"(?<![\w.])_?[A-Za-z]+(?:_[A-Za-z]+)+|(?<![\w.])_[A-Z]+\b", plain))
    listed = set(re.findall(r"(?:^|[.;] )([a-z]+(?:_[a-z]+)*)(?=: )", plain))
    return quoted | snake | listed


@pytest.mark.parametrize("board", sorted({board for board, _ in PANELS}))
def test_texts_name_only_what_exists(board):
    unknown = {
        panel["title"]: missing
        for of, panel in PANELS
        if of == board
        and (missing := {one for one in names_in(panel["description"]) if not exists(one)})
    }
    assert unknown == {}


def test_a_name_that_nothing_has_is_found():
    assert names_in("cpu: it computed. `no such line`, and queue_fool: full.") == {
        "cpu",
        "no such line",
        "queue_fool",
    }
    assert [name for name in ("cpu", "no such line", "queue_fool") if not exists(name)] == [
        "no such line",
        "queue_fool",
    ]


@pytest.mark.parametrize("board", sorted({board for board, _ in PANELS}))
def test_panels_that_a_text_refers_to_are_on_the_board(board):
    titles = {panel["title"] for of, panel in PANELS if of == board}
    boards_by_title = {load(file)["title"] for file in files()}
    wrong = {
        panel["title"]: missing
        for of, panel in PANELS
        if of == board
        and (
            missing := {
                title
                for title in re.findall(
                    r"(?:board|Board) ([A-Z]\w+(?: \w+)?)", panel["description"]
                )
                if not any(title.startswith(known) for known in boards_by_title)
            }
        )
    }
    assert wrong == {}
    assert titles


def test_data_sources_are_those_that_are_provisioned():
    used = {
        (source["type"], source["uid"])
        for _, panel in PANELS
        for source in [
            panel.get("datasource"),
            *(t.get("datasource") for t in panel.get("targets", ())),
        ]
        if source
    }
    provisioned = {(one["type"], uid) for uid, one in boards.data_sources().items()}
    assert used - {("prometheus", "${datasource}")} <= provisioned
    variables = [one for file in files() for one in load(file)["templating"]["list"]]
    assert {one["query"] for one in variables if one["type"] == "datasource"} == {"prometheus"}


def test_ids_and_uids_are_unique_and_links_lead_to_boards():
    loaded = [load(file) for file in files()]
    uids = [board["uid"] for board in loaded]
    assert sorted(set(uids)) == sorted(uids)
    text = "".join(file.read_text(encoding="utf-8") for file in files())
    assert set(re.findall(r"/d/([\w-]+)", text)) <= set(uids)
    for board in loaded:
        ids = [one["id"] for one in [*board["panels"], *panels(board)] if one["type"] == "row"]
        ids += [panel["id"] for panel in panels(board)]
        assert sorted(set(ids)) == sorted(ids), board["title"]
