"""Request and response bodies of accounts; ``repr`` shows no password."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from service.accounts.model import Account, Role
from service.accounts.password_text import (
    CONTROLS,
    MAX_CODE_POINTS,
    MIN_CODE_POINTS,
    has_control_character,
    prepared,
)
from service.http.email_addresses import EmailAddress
from service.http.responses import Instant, Model
from service.http.text_fields import Name


def _new_password(password: SecretStr) -> SecretStr:
    text = password.get_secret_value()
    if has_control_character(text):
        raise ValueError("should have no control characters")
    if len(prepared(text)) < MIN_CODE_POINTS:
        raise ValueError(f"should have at least {MIN_CODE_POINTS} characters, each composed")
    return password


NewPassword = Annotated[
    SecretStr,
    Field(
        min_length=MIN_CODE_POINTS,
        max_length=MAX_CODE_POINTS,
        description=(
            f"{MIN_CODE_POINTS} to {MAX_CODE_POINTS} characters of any script, but no control "
            "characters. It is the same composed or decomposed, and with any kind of space."
        ),
        json_schema_extra={"not": {"pattern": CONTROLS}},
    ),
    AfterValidator(_new_password),
]
GivenPassword = Annotated[SecretStr, Field(min_length=1, max_length=MAX_CODE_POINTS)]
RefreshToken = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=200,
        description="Refresh token of a login, or of its last refresh.",
    ),
]


class Registration(Model):
    """A new account."""

    email: EmailAddress
    password: NewPassword
    name: Name


class RegistrationView(Model):
    """A registration, as it was accepted; the same for an e-mail that has an account."""

    email: str = Field(description="As accounts are found by it.")
    name: str
    message: str = (
        "Log in with this e-mail and password. If the e-mail has an account already, nothing has "
        "changed, and we have written to it."
    )


class LoginRequest(Model):
    """Credentials."""

    email: EmailAddress
    password: GivenPassword


class RefreshRequest(Model):
    """The refresh token of a login."""

    refresh_token: RefreshToken


class PasswordChange(Model):
    """A new password and the current one."""

    current_password: GivenPassword
    new_password: NewPassword


class TokenPair(Model):
    """Tokens of a login."""

    access_token: str = Field(description="For `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the scheme's name, no secret
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str = Field(
        description="Valid once, and for some seconds more. Using it later ends the login."
    )


class AccountView(Model):
    """An account, for its owner and for admins."""

    id: str
    email: str
    name: str
    role: Role
    created_at: Instant

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """Return the account as a response body."""
        return cls(
            id=account.account_id,
            email=account.email,
            name=account.name,
            role=account.role,
            created_at=account.created_at,
        )
