"""Settings of accounts: keys of tokens, cost of passwords, patience with guesses."""

from typing import Annotated, Final, Self

from pydantic import Field, SecretStr, model_validator

from telemetry import Environment, PositiveSeconds, Settings

DEVELOPMENT_KEYS: Final = "development:only-for-development-never-in-production"
FEWEST_CHARACTERS: Final = 32


class AccountSettings(Settings):
    """How accounts are guarded; durations are seconds.

    Source: OWASP's password storage cheat sheet for the defaults of argon2id; RFC 7518, 3.2 for the
    length of a key.
    """

    environment: Environment = Field(
        "development",
        alias="DEPLOYMENT_ENVIRONMENT",
        description="decides pool sizes, and is in every signal",
    )
    token_keys: SecretStr = Field(
        SecretStr(DEVELOPMENT_KEYS),
        alias="SERENE_TOKEN_KEYS",
        description="keys of access tokens as `name:secret,…`: the first signs, all are accepted; has to be set in production",
    )
    token_issuer: str = Field(
        "serene", alias="SERENE_TOKEN_ISSUER", description="who issues access tokens (`iss`)"
    )
    token_audience: str = Field(
        "serene-api",
        alias="SERENE_TOKEN_AUDIENCE",
        description="whom access tokens are for (`aud`)",
    )
    access_token_seconds: PositiveSeconds = Field(
        900.0, alias="ACCESS_TOKEN_SECONDS", description="how long an access token is good"
    )
    refresh_token_seconds: PositiveSeconds = Field(
        30 * 86400.0,
        alias="REFRESH_TOKEN_SECONDS",
        description="how long after a login its refresh tokens are good",
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
        description="most passwords that a worker checks at the same time",
    )
    password_wait_seconds: PositiveSeconds = Field(
        1.0,
        alias="PASSWORD_WAIT_SECONDS",
        description="most time that a request waits for its turn; then it is answered 503",
    )
    guesses_per_account: Annotated[int, Field(ge=1)] = Field(
        5,
        alias="LOGIN_GUESSES_PER_ACCOUNT",
        description="wrong passwords for one e-mail before it has to wait",
    )
    guesses_per_address: Annotated[int, Field(ge=1)] = Field(
        50,
        alias="LOGIN_GUESSES_PER_ADDRESS",
        description="wrong passwords from one address before it has to wait",
    )
    first_lockout_seconds: PositiveSeconds = Field(
        2.0,
        alias="LOGIN_FIRST_LOCKOUT_SECONDS",
        description="the first such wait; each further one is twice as long",
    )
    longest_lockout_seconds: PositiveSeconds = Field(
        900.0,
        alias="LOGIN_LONGEST_LOCKOUT_SECONDS",
        description="the longest such wait; guesses are forgotten after four of them",
    )

    @model_validator(mode="after")
    def _usable_keys(self) -> Self:
        keys = self.token_keys.get_secret_value()
        if self.environment == "production" and keys == DEVELOPMENT_KEYS:
            raise ValueError(
                "SERENE_TOKEN_KEYS is not set: in production it has to be, as name:secret"
            )
        parse_keys(keys)
        return self


def parse_keys(text: str) -> dict[str, str]:
    """Secrets by name, the one that signs first.

    Raises:
        ValueError: Something else is written there; the text does not show it.
    """
    keys = dict(part.strip().partition(":")[::2] for part in text.split(","))
    if len(keys) < text.count(",") + 1 or any(
        not name or len(secret) < FEWEST_CHARACTERS for name, secret in keys.items()
    ):
        raise ValueError(
            f"SERENE_TOKEN_KEYS should be name:secret, several with commas between; each name once, each secret {FEWEST_CHARACTERS} "
            "characters or more"
        )
    return keys
