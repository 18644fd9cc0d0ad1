"""The pages on data and regions name settings, metrics, files and sections that exist."""

import re

import pytest

from service import metrics
from service.mongo.consistency import WITHOUT_MAJORITY
from service.settings import ServiceSettings
from telemetry import names
from telemetry.config import TelemetryConfig
from tests.architecture.sources import ROOT

PAGES = [ROOT / "docs" / name for name in ("data.md", "regions.md")]
SETTINGS = {
    field.alias
    for group in (*ServiceSettings.groups().values(), TelemetryConfig)
    for field in group.model_fields.values()
}
METRICS = {metric.name for metric in (*metrics.ALL, *names.ALL)}
SETTING = re.compile(r"\b(?:MONGODB|CDN|SERENE|BOOKING|REFRESH|LOGIN|IDEMPOTENCY|REDIS)_[A-Z_]+\b")
DATA, REGIONS = PAGES


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_exists(page):
    named = set(SETTING.findall(page.read_text()))
    assert named - SETTINGS == set()
    assert len(named) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_metric_exists(page):
    assert set(re.findall(r"\bserene_\w+", page.read_text())) - METRICS == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file_and_to_a_section(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, section = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert (target, found.is_file()) == (target, True)
        if section:
            headings = re.findall(r"^#+ (.+)$", found.read_text(), re.MULTILINE)
            assert section in map(anchor, headings), target


def test_example_of_settings_is_valid():
    block = re.search(r"```sh\n(MONGODB_URI=.*?)```", REGIONS.read_text(), re.DOTALL)
    assert block is not None
    environ = dict(
        re.match(r"(\w+)=('?)(.*?)\2(?:\s+#.*)?$", line).group(1, 3)  # type: ignore[union-attr]
        for line in block[1].splitlines()
    )
    environ["MONGODB_URI"] = environ["MONGODB_URI"].replace("…", "db.example")
    settings = ServiceSettings.from_env(environ)
    assert (settings.mongo.public_reads, settings.cdn.purges) == ("nearest", True)


def test_collections_without_a_majority_are_those_of_the_page():
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", DATA.read_text(), re.MULTILINE)
    assert dict(rows) == WITHOUT_MAJORITY
