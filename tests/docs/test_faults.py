"""The tables of faults: one row for each, as measured, with what the catalogue has of it."""

import json
import runpy

import pytest

from stack.faults.catalogue import FAULTS
from tests.architecture.sources import ROOT

MODULE = runpy.run_path(str(ROOT / "docs" / "faults.py"))
MEASURED = json.loads(MODULE["MEASURED"].read_text("utf-8"))
ADVICE = "run: python docs/faults.py --measure"


def test_every_fault_was_measured():
    assert [row["fault"] for row in MEASURED["faults"]] == list(FAULTS), ADVICE
    for row in MEASURED["faults"]:
        assert row["fired_seconds"] is not None, (row["fault"], ADVICE)
        assert row["resolved_seconds"] is not None, (row["fault"], ADVICE)
        assert row["panels"], (row["fault"], ADVICE)


@pytest.mark.parametrize("row", MEASURED["faults"], ids=lambda row: row["fault"])
def test_row_agrees_with_the_catalogue(row):
    fault = FAULTS[row["fault"]]
    assert {key: row[key] for key in ("what", "alert", "board", "runbook")} == {
        "what": fault.what,
        "alert": fault.alert,
        "board": fault.board,
        "runbook": fault.runbook,
    }, ADVICE


@pytest.mark.parametrize("page", MODULE["PAGES"], ids=lambda page: page.name)
def test_page_has_the_table(page):
    advice = "run: python docs/faults.py"
    assert page.read_text("utf-8") == MODULE["with_table"](MEASURED, page), advice


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_fault_is_of_an_alert_with_that_board_and_a_runbook_that_exists(fault):
    rules = (ROOT / "deploy" / "rules" / "alerts.yml").read_text("utf-8")
    assert f"alert: {fault.alert}\n" in rules
    assert f"/d/{fault.board}?" in rules.split(f"alert: {fault.alert}\n", 1)[1].split("alert: ")[0]
    assert (ROOT / fault.runbook).exists()
