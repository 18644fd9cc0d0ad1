"""stripe-mock, as the stack builds it, on a free port.

``stack/stripe-mock/sandbox.go`` defines what its card tokens do.
"""

from typing import Any

import requests

from stack import paths
from tests.backend import Server, built
from tests.machine import PATIENCE_SECONDS

TAKEN = "pm_card_visa"
DECLINED = "pm_card_visa_chargeDeclined"
ACTION_REQUIRED = "pm_card_authenticationRequired"
PROCESSING = "pm_serene_processing"
LOST = "pm_serene_lost"
HANGS = "pm_serene_hang"
FAILS = "pm_serene_500"
LIMITED = "pm_serene_429"


class StripeMock(Server):
    """One server process; see ``Server``."""

    @property
    def url(self) -> str:
        """For ``STRIPE_API_BASE``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """Settings of a service that uses it."""
        return {
            "STRIPE_API_BASE": self.url,
            "STRIPE_API_KEY": "sk_test_tests",
            "STRIPE_WEBHOOK_SECRET": "whsec_of-the-tests",
        }

    def command(self) -> list[str]:
        """Run stripe-mock with the fixtures of the stack."""
        binary, fixtures = (
            built("stripe-mock") / "stripe-mock",
            paths.ROOT / "deploy" / "stripe-fixtures.json",
        )
        return [str(binary), "-listen", f"127.0.0.1:{self.port}", "-fixtures", str(fixtures)]

    def ledger(self, *keys: str) -> list[dict[str, Any]]:
        """Return each idempotency key's response and how often it came, the oldest key first."""
        entries: list[dict[str, Any]] = requests.get(
            f"{self.url}/ledger", timeout=PATIENCE_SECONDS
        ).json()
        return [entry for entry in entries if entry["key"] in keys]
