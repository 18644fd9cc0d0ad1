"""Hooks of Schemathesis: fill in what no schema can describe, where a request should succeed.

The values are derived from the generated request, not random: a repeated request is the same,
except for times. The hooks also count the statuses of the responses.
"""

import atexit
import hmac
import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import schemathesis
from hypothesis import strategies
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import GenerationMode

from tests.contract.people import GUEST, THERAPIST, open_slots

LOCAL_PART: Final = strategies.text(
    "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=10
)
LABEL: Final = strategies.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
TOP: Final = strategies.sampled_from(("com", "org", "net", "io", "dev"))
SLOT_DISTANCE: Final = timedelta(hours=2)
FIRST_DAY: Final = 90
DAYS_AHEAD: Final = 290
MOST_DAYS: Final = 62
WEBHOOK: Final = "/api/v1/payments/webhook"

# JSON Schema's e-mails include those of reserved domains, where no mail can go.
for name in ("email", "idn-email"):
    schemathesis.openapi.format(name, strategies.builds("{}@{}.{}".format, LOCAL_PART, LABEL, TOP))

_responses: defaultdict[str, Counter[int]] = defaultdict(Counter)


def _number(*generated: Any) -> int:
    return int.from_bytes(
        sha256(json.dumps(generated, default=str, sort_keys=True).encode()).digest()[:6]
    )


def _tomorrow() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _login(case: schemathesis.Case) -> None:
    """Use the guest's password in every second login."""
    if isinstance(case.body, dict) and len(str(case.body.get("password"))) % 2:
        case.body = dict(GUEST)


def _key(case: schemathesis.Case) -> None:
    """Give each request its own key: a key of another request is a 422."""
    generated = (
        case.path,
        case.path_parameters,
        case.body if isinstance(case.body, dict) else None,
        case.headers.get("Idempotency-Key"),
    )
    case.headers["Idempotency-Key"] = f"{_number(*generated):x}"


def _pay(case: schemathesis.Case) -> None:
    """Use an existing card in every second payment."""
    if isinstance(case.body, dict) and len(str(case.body.get("payment_method"))) % 2:
        case.body = case.body | {"payment_method": "pm_card_visa"}
    _key(case)


def _slots(case: schemathesis.Case) -> None:
    """Open slots in the future, at the full or half hour, that do not overlap."""
    if isinstance(case.body, dict) and isinstance(case.body.get("starts_at"), list):
        starts = case.body["starts_at"]
        if _number(starts, "whose") % 2:
            case.path_parameters = {"therapist_id": THERAPIST}
        first = _tomorrow() + timedelta(
            days=FIRST_DAY + _number(starts) % DAYS_AHEAD, hours=_number(starts, "hour") % 24
        )
        case.body = {
            "starts_at": [
                (first + index * SLOT_DISTANCE).isoformat() for index in range(len(starts))
            ]
        }


def _booking(case: schemathesis.Case) -> None:
    """Book a slot that is or was open in every second booking."""
    number = _number(case.body)
    if number % 2:
        starts = open_slots()
        case.body = {
            "therapist_id": THERAPIST,
            "starts_at": starts[number // 2 % len(starts)].isoformat(),
        }


def _closing(case: schemathesis.Case) -> None:
    """Close a slot that is or was open in every second call."""
    number = _number(case.path_parameters)
    if number % 2:
        starts = open_slots()
        case.path_parameters = {
            "therapist_id": THERAPIST,
            "starts_at": starts[number // 2 % len(starts)].isoformat(),
        }


def _asset(case: schemathesis.Case) -> None:
    """Request an existing asset of the documentation in every second call."""
    if _number(case.path_parameters) % 2:
        case.path_parameters = {"name": "start.js"}


def _span(case: schemathesis.Case) -> None:
    """Let a period end after it begins, by an allowed number of days."""
    if "to" in case.query:
        begin = _tomorrow() + timedelta(days=_number(case.query) % MOST_DAYS)
        days = _number(case.query, "to") % MOST_DAYS + 1
        case.query = {
            **case.query,
            "from": begin.isoformat(),
            "to": (begin + timedelta(days=days)).isoformat(),
        }


def _password(case: schemathesis.Case) -> None:
    """Use the current password, unchanged, in every second change."""
    if isinstance(case.body, dict) and len(str(case.body.get("current_password"))) % 2:
        case.body = {"current_password": GUEST["password"], "new_password": GUEST["password"]}


class _Signed(AuthBase):
    """Signs the bytes of a body as Stripe does."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the signature; called by requests."""
        body = request.body or b""
        at = int(time.time())
        signed = hmac.new(
            os.environ["SERENE_CONTRACT_WEBHOOK_SECRET"].encode(), f"{at}.".encode(), "sha256"
        )
        signed.update(body if isinstance(body, bytes) else body.encode())
        request.headers["Stripe-Signature"] = f"t={at},v1={signed.hexdigest()}"
        return request


VALID_CASES: Final[dict[tuple[str, str], Callable[[schemathesis.Case], None]]] = {
    ("POST", "/api/v1/auth/login"): _login,
    ("POST", "/api/v1/auth/password"): _password,
    ("POST", "/api/v1/sessions"): _booking,
    ("POST", "/api/v1/sessions/{session_id}/payment"): _pay,
    ("POST", "/api/v1/sessions/{session_id}/cancellation"): _key,
    ("POST", "/api/v1/therapists/{therapist_id}/slots"): _slots,
    ("GET", "/api/v1/therapists/{therapist_id}/slots"): _span,
    ("DELETE", "/api/v1/therapists/{therapist_id}/slots/{starts_at}"): _closing,
    ("GET", "/api/v1/docs/{name}"): _asset,
}


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]
) -> None:
    """Fill in what is missing where the case is meant to succeed."""
    is_meant = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    change = VALID_CASES.get((case.method.upper(), case.path))
    if change is not None and is_meant:
        change(case)
    # Invalid bodies are signed too: an unsigned one would be refused before it is read.
    if case.path == WEBHOOK and (is_meant or "Stripe-Signature" not in case.headers):
        kwargs["auth"] = _Signed()


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """Count the response, unless its method is not the operation's."""
    if response.request.method == case.operation.method.upper():
        _responses[case.operation.label][response.status_code] += 1


@atexit.register
def _write_responses() -> None:
    if file := os.environ.get("SERENE_CONTRACT_RESPONSES"):
        Path(file).write_text(json.dumps(_responses))
