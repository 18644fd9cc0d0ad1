"""Requests with canaries that succeed, and the operations that they cover."""

from typing import Any

from tests.service.instrumented_app import InstrumentedApp
from tests.service.members import Member, with_role
from tests.service.privacy.canaries import EMAIL, PASSWORD, TOKEN

AGENT = {
    "User-Agent": f"agent/1.0 ({EMAIL})",
    "Cookie": "session=canary-of-a-cookie",
    "Referer": f"https://serene-mail.com/?q={TOKEN}",
}


class Journey:
    """Requests of every operation, and the operations that succeeded."""

    def __init__(self, instrumented: InstrumentedApp) -> None:
        self.instrumented, self.client = instrumented, instrumented.client
        self._rules = instrumented.client.application.url_map.bind("")
        self.succeeded: set[tuple[str, str]] = set()
        self.sent = 0
        self.tokens: list[str] = []

    def call(
        self, method: str, path: str, account: Member | None = None, *, status: int, **given: Any
    ) -> Any:
        """Send a request and return the JSON of its response, if it has some."""
        headers = AGENT | (account.headers if account else {}) | given.pop("headers", {})
        response = self.client.open(path, method=method, headers=headers, **given)
        assert response.status_code == status, (method, path, response.get_data(as_text=True))
        self.record(method, path)
        return response.get_json(silent=True)

    def record(self, method: str, path: str) -> None:
        """Record that an operation succeeded."""
        rule, _ = self._rules.match(path.partition("?")[0], method=method, return_rule=True)
        self.succeeded.add(
            (method, rule.rule.replace("<uuid:", "<").replace("<", "{").replace(">", "}"))
        )
        self.sent += 1

    def register(self, role: Any) -> Member:
        """Register an account of a role; its name and password are canaries."""
        found = with_role(
            self.client,
            self.instrumented.service,
            role,
            email=f"{role}.{EMAIL}",
            name="Canary Name",
            password=PASSWORD,
        )
        self.sent += 2
        self.tokens += [found.tokens["access_token"], found.tokens["refresh_token"]]
        return found
