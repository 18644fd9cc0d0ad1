"""Data for the users of ``bench.api``: members who are logged in, and free slots."""

import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from stack import paths
from stack.runner import Stack

MEMBERS: Final = 40
SLOT_DAYS: Final = 120
SLOTS_A_DAY: Final = 20
PROFILE: Final = {
    "name": "Dr. Bench",
    "title": "Psychotherapist",
    "languages": ["en"],
    "specialties": ["sleep"],
    "price": {"amount": 9000, "currency": "eur"},
}


def create(stack: Stack) -> dict[str, Any]:
    """Create the data through the API.

    Args:
        stack: With a running service.

    Returns:
        ``members`` with their passwords, their ``tokens``, and ``slots`` to book.
    """
    api = f"{stack.url('service')}/api/v1"
    members = [_register(api) for _ in range(MEMBERS)]
    return {
        "members": members,
        "tokens": [_log_in(api, member) for member in members],
        "slots": _open_slots(stack, api),
    }


def _register(api: str) -> dict[str, str]:
    member = {"email": f"bench-{uuid.uuid4().hex}@serene-mail.com", "password": uuid.uuid4().hex}
    requests.post(
        f"{api}/auth/register", json=member | {"name": "A Member"}, timeout=30
    ).raise_for_status()
    return member


def _log_in(api: str, member: dict[str, str]) -> str:
    response = requests.post(f"{api}/auth/login", json=member, timeout=30)
    response.raise_for_status()
    token: str = response.json()["access_token"]
    return token


def _open_slots(stack: Stack, api: str) -> list[dict[str, str]]:
    therapist = _register(api)
    command = [sys.executable, "-m", "service.roles", therapist["email"], "therapist"]
    subprocess.run(
        command, cwd=paths.ROOT, env=stack.environment("service"), check=True, capture_output=True
    )
    headers = {"Authorization": f"Bearer {_log_in(api, therapist)}"}
    profile = requests.put(f"{api}/therapists/me", json=PROFILE, headers=headers, timeout=30)
    profile.raise_for_status()
    therapist_id = profile.json()["id"]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=1
    )
    slots = []
    for day in range(SLOT_DAYS):
        starts = [
            (midnight + timedelta(days=day, hours=hour)).isoformat() for hour in range(SLOTS_A_DAY)
        ]
        requests.post(
            f"{api}/therapists/{therapist_id}/slots",
            json={"starts_at": starts},
            headers=headers,
            timeout=60,
        ).raise_for_status()
        slots += [{"therapist_id": therapist_id, "starts_at": start} for start in starts]
    return slots
