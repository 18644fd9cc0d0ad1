"""Evidence is judged by what it says and by its age, and an indicator that raises is down."""

import pytest

from telemetry.health.evidence import Evidence, Finding, evidence_of, judge

SEEN_NOW = Evidence(healthy=True)


@pytest.mark.parametrize(
    ("evidence", "status", "reason"),
    [
        (Evidence(healthy=True, age_seconds=15.0), "up", ""),
        (Evidence(healthy=True, reason="second try", age_seconds=0.0), "up", ""),
        (
            Evidence(healthy=True, age_seconds=15.1),
            "stale",
            "mail: stale, last looked at 15.1 s ago",
        ),
        (
            Evidence(healthy=False, reason="refused", age_seconds=60.0),
            "stale",
            "mail: stale, last looked at 60.0 s ago",
        ),
        (Evidence(healthy=False, reason="refused", age_seconds=2.0), "down", "mail: refused"),
        (Evidence(healthy=False), "down", "mail: down"),
        (Evidence(healthy=True, age_seconds=None), "unknown", "mail: never looked at"),
    ],
)
def test_evidence_is_judged_by_what_it_says_and_by_its_age(evidence, status, reason):
    finding = judge("mail", evidence, stale_after_seconds=15.0)

    assert finding == Finding("mail", status, reason, evidence)
    assert finding.healthy is (status == "up")


def test_a_finding_shows_its_age_its_reason_and_the_details():
    evidence = Evidence(
        healthy=False, reason="refused", age_seconds=1.23456, details={"attempts": 3}
    )

    assert judge("mail", evidence, stale_after_seconds=15.0).body() == {
        "status": "down",
        "healthy": False,
        "ageSeconds": 1.235,
        "reason": "refused",
        "attempts": 3,
    }


def test_what_was_never_seen_has_no_age():
    assert judge(
        "mail", Evidence(healthy=False, age_seconds=None), stale_after_seconds=15.0
    ).body() == {
        "status": "unknown",
        "healthy": False,
    }


def test_an_indicator_that_raises_is_down_and_tells_no_secret():
    def indicator() -> Evidence:
        raise ConnectionError("mail://admin:secret@10.0.0.1")

    assert evidence_of(indicator) == Evidence(
        healthy=False, reason="its indicator raised ConnectionError"
    )
