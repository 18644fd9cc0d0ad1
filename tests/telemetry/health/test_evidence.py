"""Evidence is judged by its content and its age, and an indicator that raises is down."""

import pytest

from telemetry.health.evidence import ComponentHealth, HealthEvidence, evidence_of, judge


@pytest.mark.parametrize(
    ("evidence", "status", "reason"),
    [
        (HealthEvidence(healthy=True, age_seconds=15.0), "up", ""),
        (HealthEvidence(healthy=True, reason="second try", age_seconds=0.0), "up", ""),
        (
            HealthEvidence(healthy=True, age_seconds=15.1),
            "stale",
            "mail: stale, last checked 15.1 s ago",
        ),
        (
            HealthEvidence(healthy=False, reason="refused", age_seconds=60.0),
            "stale",
            "mail: stale, last checked 60.0 s ago",
        ),
        (HealthEvidence(healthy=False, reason="refused", age_seconds=2.0), "down", "mail: refused"),
        (HealthEvidence(healthy=False), "down", "mail: down"),
        (HealthEvidence(healthy=True, age_seconds=None), "unknown", "mail: never checked"),
    ],
)
def test_evidence_is_judged_by_its_content_and_its_age(evidence, status, reason):
    component = judge("mail", evidence, stale_after_seconds=15.0)

    assert component == ComponentHealth("mail", status, reason, evidence)
    assert component.healthy is (status == "up")


def test_component_has_its_age_its_reason_and_the_details():
    evidence = HealthEvidence(
        healthy=False, reason="refused", age_seconds=1.23456, details={"attempts": 3}
    )

    assert judge("mail", evidence, stale_after_seconds=15.0).body() == {
        "status": "down",
        "healthy": False,
        "ageSeconds": 1.235,
        "reason": "refused",
        "attempts": 3,
    }


def test_component_that_was_never_checked_has_no_age():
    assert judge(
        "mail", HealthEvidence(healthy=False, age_seconds=None), stale_after_seconds=15.0
    ).body() == {
        "status": "unknown",
        "healthy": False,
    }


def test_indicator_that_raises_is_down_and_exposes_no_secret():
    def indicator() -> HealthEvidence:
        raise ConnectionError("mail://admin:secret@10.0.0.1")

    assert evidence_of(indicator) == HealthEvidence(
        healthy=False, reason="its indicator raised ConnectionError"
    )
