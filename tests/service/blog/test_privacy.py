"""Titles and paths of drafts are private: no signal contains them."""

import json

from tests.service.blog.calls import DRAFTS
from tests.service.blog.privacy_journey import walk
from tests.service.instrumented_app import InstrumentedApp
from tests.service.privacy.canaries import HEADERS, leaks
from tests.service.privacy.journey import Journey
from tests.service.privacy.test_unexpected import careless

DRAFT = f"{DRAFTS}/canary-title"


def test_path_of_a_draft_is_redacted_in_every_signal(instrumented: InstrumentedApp):
    walk(Journey(instrumented))
    signals = instrumented.signals()
    assert signals["logs"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 1
    assert signals["logs"].count('"path":"/api/v1/blog/posts/REDACTED/publish"') == 1
    assert leaks(signals) == []


def test_path_of_a_draft_is_redacted_in_the_line_of_its_exception(instrumented: InstrumentedApp):
    app = instrumented.client.application
    app.view_functions["authoring.get_draft"] = careless(app.view_functions["authoring.get_draft"])
    response = instrumented.client.get(DRAFT, headers=HEADERS)
    signals = instrumented.signals()
    line = next(json.loads(line) for line in signals["logs"].splitlines() if '"exception"' in line)
    assert (response.status_code, line["message"]) == (
        500,
        "Exception on /api/v1/blog/drafts/REDACTED [GET]",
    )
    assert leaks(signals) == []


def test_path_of_a_draft_is_redacted_for_a_wrong_method(instrumented: InstrumentedApp):
    statuses = [
        instrumented.client.open(DRAFT, method=method).status_code
        for method in ("POST", "OPTIONS", "FOO")
    ]
    signals = instrumented.signals()
    assert statuses == [405, 200, 405]
    assert signals["logs"].count('"path":"/api/v1/blog/drafts/REDACTED"') == 3
    assert leaks(signals) == []
