"""Settings of payments: the Stripe account, and time limits of its API."""

import re
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from telemetry import (
    AfterValidator,
    EnvironmentSettings,
    Field,
    PositiveSeconds,
    SecretStr,
    model_validator,
)

DEVELOPMENT_API_KEY: Final = "sk_test_development"
DEVELOPMENT_WEBHOOK_SECRET: Final = "whsec_only-for-development-never-in-production"  # noqa: S105  # no secret: refused in production
FEWEST_CHARACTERS: Final = 16
_API_KEY: Final = re.compile(r"[sr]k_(test|live)_\w+")


def _base(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "@" in value or value.partition("://")[2] != parts.netloc:
        raise ValueError("should be the URL of Stripe's API without a path: https://api.stripe.com")
    return value


class PaymentSettings(EnvironmentSettings):
    """The account of Stripe; durations are seconds, and each of them is finite.

    A call ends after ``stripe_call_seconds`` in any case, also between its attempts; then it is not
    known whether the money was taken.
    """

    stripe_api_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_API_KEY),
        alias="STRIPE_API_KEY",
        description="secret key of the account; must be set in production",
    )
    stripe_api_base: Annotated[str, AfterValidator(_base)] = Field(
        "https://api.stripe.com",
        alias="STRIPE_API_BASE",
        description="URL of Stripe's API, or of a stripe-mock",
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(DEVELOPMENT_WEBHOOK_SECRET),
        alias="STRIPE_WEBHOOK_SECRET",
        description="signing secret of the webhook; must be set in production",
    )
    stripe_webhook_tolerance_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        300,
        alias="STRIPE_WEBHOOK_TOLERANCE_SECONDS",
        description="maximum age of a webhook's signature",
    )
    stripe_timeout_seconds: PositiveSeconds = Field(
        5.0,
        alias="STRIPE_TIMEOUT_SECONDS",
        description="time limit to connect to Stripe, and for each part of its response",
    )
    stripe_retries: Annotated[int, Field(ge=0, le=5)] = Field(
        1,
        alias="STRIPE_RETRIES",
        description="how often a call without a response or with a 5xx is repeated (with its key)",
    )
    stripe_call_seconds: PositiveSeconds = Field(
        12.0,
        alias="STRIPE_CALL_SECONDS",
        description="time limit of a call with all of its attempts",
    )

    @property
    def is_live(self) -> bool:
        """Whether the key is one for real money."""
        return "_live_" in self.stripe_api_key.get_secret_value()[:8]

    # Not on the fields: an error of a field contains its value.
    @model_validator(mode="after")
    def _check_format_of_secrets(self) -> Self:
        if not _API_KEY.fullmatch(self.stripe_api_key.get_secret_value()):
            raise ValueError(
                "STRIPE_API_KEY should be a secret or restricted key of Stripe: "
                "sk_test_…, sk_live_…, rk_test_… or rk_live_…"
            )
        secret = self.stripe_webhook_secret.get_secret_value()
        if len(secret) < FEWEST_CHARACTERS or not secret.isprintable() or secret != secret.strip():
            raise ValueError(
                "STRIPE_WEBHOOK_SECRET should be the signing secret of a webhook, "
                f"{FEWEST_CHARACTERS} characters or more"
            )
        return self

    @model_validator(mode="after")
    def _check_secrets_of_production(self) -> Self:
        given = {
            "STRIPE_API_KEY": (self.stripe_api_key, DEVELOPMENT_API_KEY),
            "STRIPE_WEBHOOK_SECRET": (self.stripe_webhook_secret, DEVELOPMENT_WEBHOOK_SECRET),
        }
        for name, (secret, default) in given.items():
            if self.in_production and secret.get_secret_value() == default:
                raise ValueError(f"{name} is not set: it must be set in production")
        return self
