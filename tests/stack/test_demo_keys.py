"""Secrets of a demo: made once, for its owner alone, and never in production."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from service.settings import ServiceSettings
from stack import demo_keys

PROGRAM = Path(demo_keys.__file__)
PRINT = "import json, os; print(json.dumps(dict(os.environ)))"


def started(path: Path, **given: str) -> dict[str, str]:
    """Return the environment that the program is started with."""
    done = subprocess.run(
        [sys.executable, PROGRAM, path, sys.executable, "-c", PRINT],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def test_secrets_are_made_at_the_first_start_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first, second = started(path), started(path)
    names = ("SERENE_TOKEN_KEYS", "STRIPE_WEBHOOK_SECRET")
    assert [first[name] for name in names] == [second[name] for name in names]
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    assert first["SERENE_TOKEN_KEYS"].startswith(f"{datetime.now(UTC).date().isoformat()}:")
    settings = ServiceSettings.from_env(first)
    assert settings.accounts.token_keys.get_secret_value() == first["SERENE_TOKEN_KEYS"]
    assert started(tmp_path / "other.json")["SERENE_TOKEN_KEYS"] != first["SERENE_TOKEN_KEYS"]


def test_variables_that_are_set_stay(tmp_path: Path) -> None:
    keys = f"own:{'s' * 32}"
    found = started(tmp_path / "keys.json", SERENE_TOKEN_KEYS=keys, STRIPE_WEBHOOK_SECRET="")
    assert found["SERENE_TOKEN_KEYS"] == keys
    assert found["STRIPE_WEBHOOK_SECRET"].startswith("whsec_")


def test_production_gets_none(tmp_path: Path) -> None:
    found = started(tmp_path / "keys.json", DEPLOYMENT_ENVIRONMENT="production")
    assert "SERENE_TOKEN_KEYS" not in found
    assert list(tmp_path.iterdir()) == []
