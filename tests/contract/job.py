"""One run of Schemathesis against a service that the job starts, with its backends, on loopback.

Schemathesis runs as a process of its own: it imports ``ssl`` and uses threads, the tests are
monkey-patched. It reports its findings itself, with the operation, the check and a curl command;
the job adds what the service reports of the same time.
"""

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import requests

from service.payments.settings import PaymentSettings
from stack import paths
from stack.backends import BY_NAME
from stack.runner import Stack
from tests.contract import people
from tests.support.ports import stack_offset

CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
SETTINGS: Final = {
    # Tokens that outlive the job, and passwords that cost nothing: thousands are hashed.
    "ACCESS_TOKEN_SECONDS": "86400",
    "PASSWORD_TIME_COST": "1",
    "PASSWORD_MEMORY_KIB": "8",
    # No limits: their responses are tested with the limits.
    "LOGIN_GUESSES_PER_ACCOUNT": "1000000000",
    "LOGIN_GUESSES_PER_ADDRESS": "1000000000",
    "RATE_LIMIT_EXEMPT_NETWORKS": "127.0.0.0/8",
    "BOOKING_UNPAID_AT_ONCE": "1000000",
    "COMPANION_AT_ONCE": "1000",
    "FILES_QUOTA_COUNT": "1000000",
    "FILES_QUOTA_BYTES": str(1024**4),
    # There is no Collector.
    "OTEL_TRACES_SAMPLER": "always_off",
}
# What the service calls in a request.
BESIDE: Final = (*BY_NAME["service"].needs, "model", "stripe-mock")
AT_ONCE: Final = {"MODEL_FIRST_BYTE_SECONDS": "0", "MODEL_TOKENS_PER_SECOND": "0"}
DOCUMENT: Final = "/api/v1/openapi.json"
START_SECONDS: Final = 120.0


def run(directory: Path, seconds: float, seed: int | None = None, only: str | None = None) -> int:
    """Start what is needed, run Schemathesis, and print the results.

    Args:
        directory: For data, logs and reports.
        seconds: How long Schemathesis may make requests.
        seed: Of its random numbers; a new one by default.
        only: A regular expression for the paths of operations.

    Returns:
        0 when nothing was found.
    """
    seed = random.randrange(2**32) if seed is None else seed
    print(f"seed {seed}: the same requests again with ./serene contract --seed {seed}", flush=True)
    with (
        stack_offset() as offset,
        Stack(offset=offset, directory=directory / "stack") as stack,
    ):
        for name in BESIDE:
            stack.start(name, AT_ONCE if name == "model" else None)
            stack.wait_ready(name, START_SECONDS)
        stack.start("service", SETTINGS)
        stack.wait_ready("service", START_SECONDS)
        stack.seed("service")
        file = directory / "people.json"
        environ = stack.environment("service") | SETTINGS
        people.write(environ, file)
        secret = PaymentSettings.from_env(environ).stripe_webhook_secret
        environ_of_hooks = {
            "SERENE_CONTRACT_PEOPLE": str(file),
            "SERENE_CONTRACT_RESPONSES": str(directory / "responses.json"),
            "SERENE_CONTRACT_WEBHOOK_SECRET": secret.get_secret_value(),
        }
        code = _schemathesis(stack.url("service"), environ_of_hooks, directory, seconds, seed, only)
        document = requests.get(f"{stack.url('service')}{DOCUMENT}", timeout=60).json()
        findings = _findings_of_the_service(stack)
    print(reached(document, directory / "responses.json", only))
    for line in findings:
        print(f"the service: {line}")
    return code or int(bool(findings))


def reached(document: dict[str, Any], responses: Path, only: str | None) -> str:
    """Return how many operations had a successful response, and which had none.

    Args:
        document: OpenAPI.
        responses: Counts by operation and status; missing when no request was made.
        only: A regular expression for the paths of operations.
    """
    counted: dict[str, dict[str, int]] = (
        json.loads(responses.read_text()) if responses.exists() else {}
    )
    # Schemathesis does not call the operation of the document, which it has read.
    tried = {
        path: item
        for path, item in document["paths"].items()
        if path != DOCUMENT and re.search(only or "", path)
    }
    wanted = {f"{method.upper()} {path}" for path, item in tried.items() for method in item}
    never = sorted(
        one for one in wanted if not any(status.startswith("2") for status in counted.get(one, {}))
    )
    requests_made = sum(sum(statuses.values()) for statuses in counted.values())
    successful = f"{len(wanted) - len(never)} of {len(wanted)}"
    summary = f"{requests_made} requests; operations with a 2xx response: {successful}"
    return summary + (f"; never: {', '.join(never)}" if never else "")


def _schemathesis(
    url: str,
    environ_of_hooks: dict[str, str],
    directory: Path,
    seconds: float,
    seed: int,
    only: str | None,
) -> int:
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "--config-file",
        str(CONFIGURATION),
        "run",
        f"{url}{DOCUMENT}",
    ]
    command += ["--seed", str(seed), "--max-time", str(max(1, round(seconds))), "--no-color"]
    command += ["--include-path-regex", only] if only else []
    environment = os.environ | environ_of_hooks | {"PYTHONPATH": str(paths.ROOT)}
    # In a folder that is thrown away, since it leaves its cache where it runs.
    return subprocess.run(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


def _findings_of_the_service(stack: Stack) -> list[str]:
    """Return what no response shows: a replaced worker, exceptions, errors of telemetry."""
    if stack.pid("service") is None:
        return [stack.exit_message("service")]
    metrics = requests.get(
        f"http://127.0.0.1:{stack.port('service', 'management')}/metrics", timeout=60
    ).text
    counted = ("telemetry_errors_total", "service_uncaught_exceptions_total")
    found = [
        line
        for line in metrics.splitlines()
        if line.startswith(counted) and not line.endswith((" 0", " 0.0"))
    ]
    return found + _exceptions(stack.log_path("service"))


def _exceptions(log: Path) -> list[str]:
    """Return each exception once: how often, its type, its place, and a request that had it."""
    lines = [
        text
        for text in log.read_text(errors="replace").splitlines()
        if text.startswith("{") and '"exception"' in text
    ]
    seen: dict[tuple[str, str], list[str]] = {}
    for line in map(json.loads, lines):
        kind, stack = line["exception"]["type"], line["exception"]["stack"].strip().splitlines()
        seen.setdefault(
            (line["message"], f"{kind} at {' '.join(stack[-3:-1]).strip()}"), []
        ).append(line.get("request_id", ""))
    return [
        f"{len(ids)} times {message}: {what} (request {ids[0]})"
        for (message, what), ids in seen.items()
    ]
