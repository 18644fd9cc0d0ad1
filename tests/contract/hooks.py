"""What no schema can say, and so Schemathesis cannot make up: it is put into requests that are
meant to succeed, just before they are sent.

By what was made up, not by chance: a request that is made again is the same, but for the time. Also
counted here: what was answered.
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
schemathesis.openapi.format("email", strategies.builds("{}@{}.{}".format, LOCAL_PART, LABEL, TOP))

_answers: defaultdict[str, Counter[int]] = defaultdict(Counter)


def _number(*made_up: Any) -> int:
    return int.from_bytes(
        sha256(json.dumps(made_up, default=str, sort_keys=True).encode()).digest()[:6]
    )


def _tomorrow() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _login(case: schemathesis.Case) -> None:
    """Every second login brings the guest's password."""
    if isinstance(case.body, dict) and len(str(case.body.get("password"))) % 2:
        case.body = dict(GUEST)


def _key(case: schemathesis.Case) -> None:
    """A key that is used for another request is a 422: here each request has its own."""
    made_up = (
        case.path,
        case.path_parameters,
        case.body if isinstance(case.body, dict) else None,
        case.headers.get("Idempotency-Key"),
    )
    case.headers["Idempotency-Key"] = f"{_number(*made_up):x}"


def _pay(case: schemathesis.Case) -> None:
    """Every second payment is by a card that there is."""
    if isinstance(case.body, dict) and len(str(case.body.get("payment_method"))) % 2:
        case.body = case.body | {"payment_method": "pm_card_visa"}
    _key(case)


def _slots(case: schemathesis.Case) -> None:
    """Slots are to come, at the full or half hour, and apart."""
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
    """Every second booking is of a slot that is open, or was."""
    number = _number(case.body)
    if number % 2:
        starts = open_slots()
        case.body = {
            "therapist_id": THERAPIST,
            "starts_at": starts[number // 2 % len(starts)].isoformat(),
        }


def _closing(case: schemathesis.Case) -> None:
    """Every second slot that is closed was open once."""
    number = _number(case.path_parameters)
    if number % 2:
        starts = open_slots()
        case.path_parameters = {
            "therapist_id": THERAPIST,
            "starts_at": starts[number // 2 % len(starts)].isoformat(),
        }


def _asset(case: schemathesis.Case) -> None:
    """Every second part of the documentation's page is one that there is."""
    if _number(case.path_parameters) % 2:
        case.path_parameters = {"name": "start.js"}


def _span(case: schemathesis.Case) -> None:
    """A span ends after it begins, by at most so many days."""
    if "to" in case.query:
        begin = _tomorrow() + timedelta(days=_number(case.query) % MOST_DAYS)
        days = _number(case.query, "to") % MOST_DAYS + 1
        case.query = {
            **case.query,
            "from": begin.isoformat(),
            "to": (begin + timedelta(days=days)).isoformat(),
        }


def _password(case: schemathesis.Case) -> None:
    """Every second change is made with the password so far, to the same."""
    if isinstance(case.body, dict) and len(str(case.body.get("current_password"))) % 2:
        case.body = {"current_password": GUEST["password"], "new_password": GUEST["password"]}


class _Signed(AuthBase):
    """Signs a body as Stripe does, once it is the bytes that are sent."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Requests' own way to ask for what goes with a request."""
        body = request.body or b""
        at = int(time.time())
        signed = hmac.new(
            os.environ["SERENE_CONTRACT_WEBHOOK_SECRET"].encode(), f"{at}.".encode(), "sha256"
        )
        signed.update(body if isinstance(body, bytes) else body.encode())
        request.headers["Stripe-Signature"] = f"t={at},v1={signed.hexdigest()}"
        return request


MEANT: Final[dict[tuple[str, str], Callable[[schemathesis.Case], None]]] = {
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
    """Put in what is missing where the case is meant to succeed."""
    is_meant = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    change = MEANT.get((case.method.upper(), case.path))
    if change is not None and is_meant:
        change(case)
    # Bodies that are wrong are signed too: an unsigned one is not even looked at.
    if case.path == WEBHOOK and (is_meant or "Stripe-Signature" not in case.headers):
        kwargs["auth"] = _Signed()


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """Count the answer, unless it is one to a method that the operation does not have."""
    if response.request.method == case.operation.method.upper():
        _answers[case.operation.label][response.status_code] += 1


@atexit.register
def _tell() -> None:
    if file := os.environ.get("SERENE_CONTRACT_ANSWERS"):
        Path(file).write_text(json.dumps(_answers))
