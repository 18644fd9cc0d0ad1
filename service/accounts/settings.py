"""Settings of accounts: keys and validity of tokens, cost of passwords, lockouts."""

from typing import Annotated, Final, Self

from telemetry import (
    EnvironmentSettings,
    Field,
    PositiveSeconds,
    Seconds,
    SecretStr,
    model_validator,
)

DEVELOPMENT_KEYS: Final = "development:only-for-development-never-in-production"
MIN_SECRET_CHARACTERS: Final = 32


class AccountSettings(EnvironmentSettings):
    """Tokens, passwords and lockouts; durations are seconds.

    Source: OWASP's password storage cheat sheet for the defaults of argon2id; RFC 7518, 3.2 for the
    length of a key.
    """

    token_keys: SecretStr = Field(
        SecretStr(DEVELOPMENT_KEYS),
        alias="SERENE_TOKEN_KEYS",
        description=(
            "keys of access tokens as `name:secret,…`: the first signs, all are accepted; a date "
            "in its name, as `2026-11-01`, is its age for the alert KeyTooOld; must be set in "
            "production"
        ),
    )
    token_issuer: str = Field(
        "serene", alias="SERENE_TOKEN_ISSUER", description="issuer of access tokens (`iss`)"
    )
    token_audience: str = Field(
        "serene-api",
        alias="SERENE_TOKEN_AUDIENCE",
        description="audience of access tokens (`aud`)",
    )
    access_token_seconds: Annotated[PositiveSeconds, Field(le=86400)] = Field(
        900.0,
        alias="ACCESS_TOKEN_SECONDS",
        description=(
            "how long an access token is valid, and so how long a change of role or a deleted "
            "account may take to have its effect; a day at most"
        ),
    )
    access_token_leeway_seconds: Annotated[Seconds, Field(le=60)] = Field(
        5.0,
        alias="ACCESS_TOKEN_LEEWAY_SECONDS",
        description="how far the clocks of two servers may differ; a minute at most",
    )
    refresh_token_seconds: PositiveSeconds = Field(
        30 * 86400.0,
        alias="REFRESH_TOKEN_SECONDS",
        description="how long after a login its refresh tokens are valid",
    )
    refresh_grace_seconds: Annotated[Seconds, Field(le=300)] = Field(
        30.0,
        alias="REFRESH_GRACE_SECONDS",
        description=(
            "how long a used refresh token gets the same successor again, for two tabs and for "
            "responses that are lost; then its use ends the login; 5 minutes at most"
        ),
    )
    password_time_cost: Annotated[int, Field(ge=1, le=100)] = Field(
        2, alias="PASSWORD_TIME_COST", description="passes of argon2id over its memory"
    )
    password_memory_kib: Annotated[int, Field(ge=8, le=1024**2)] = Field(
        19456, alias="PASSWORD_MEMORY_KIB", description="memory of one argon2id, in KiB"
    )
    passwords_at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        4,
        alias="PASSWORDS_AT_ONCE",
        description="maximum number of passwords that a worker checks at once",
    )
    password_wait_seconds: PositiveSeconds = Field(
        1.0,
        alias="PASSWORD_WAIT_SECONDS",
        description="maximum time that a request waits for its turn; then it gets a 503",
    )
    attempts_per_account: Annotated[int, Field(ge=1)] = Field(
        5,
        alias="LOGIN_GUESSES_PER_ACCOUNT",
        description="wrong passwords for one e-mail from one address before its first lockout",
    )
    attempts_per_email: Annotated[int, Field(ge=1)] = Field(
        100,
        alias="LOGIN_GUESSES_PER_EMAIL",
        description=(
            "wrong passwords for one e-mail from all addresses before its first lockout; addresses "
            "that it logged in from before are not locked out"
        ),
    )
    attempts_per_address: Annotated[int, Field(ge=1)] = Field(
        100,
        alias="LOGIN_GUESSES_PER_ADDRESS",
        description=(
            "wrong passwords from one address before its first lockout; accounts that logged in "
            "from it before are not locked out"
        ),
    )
    first_lockout_seconds: PositiveSeconds = Field(
        2.0,
        alias="LOGIN_FIRST_LOCKOUT_SECONDS",
        description="first lockout; each further one is twice as long",
    )
    longest_lockout_seconds: PositiveSeconds = Field(
        900.0,
        alias="LOGIN_LONGEST_LOCKOUT_SECONDS",
        description="longest lockout; wrong passwords are kept for four of them",
    )

    @model_validator(mode="after")
    def _usable_keys(self) -> Self:
        keys = self.token_keys.get_secret_value()
        if self.in_production and keys == DEVELOPMENT_KEYS:
            raise ValueError(
                "SERENE_TOKEN_KEYS is not set: it must be set in production, as name:secret"
            )
        parse_keys(keys)
        return self


def parse_keys(text: str) -> dict[str, str]:
    """Return secrets by name, the one that signs first.

    Raises:
        ValueError: The text has another format; the message does not repeat it.
    """
    keys = dict(part.strip().partition(":")[::2] for part in text.split(","))
    if len(keys) < text.count(",") + 1 or any(
        not name or len(secret) < MIN_SECRET_CHARACTERS for name, secret in keys.items()
    ):
        raise ValueError(
            "SERENE_TOKEN_KEYS should be name:secret, several with commas between; each name once, "
            f"each secret {MIN_SECRET_CHARACTERS} characters or more"
        )
    return keys
