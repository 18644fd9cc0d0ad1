"""Request and response bodies of accounts; ``repr`` shows no password."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, EmailStr, Field, SecretStr

from service.accounts.model import Account, Role
from service.accounts.password_text import (
    CONTROLS,
    MAX_CODE_POINTS,
    MIN_CODE_POINTS,
    has_control_character,
    prepared,
)
from service.http.responses import Instant, Model
from service.http.text_fields import Matching

MAX_EMAIL_CHARACTERS: Final = 254
# No control characters, no invisible ones, and none that change the direction of text.
_VISIBLE: Final = (
    r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f"
    r"\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]"
)
PERSON_NAME: Final = f"^{_VISIBLE}( *{_VISIBLE})*$"
"""Visible characters with spaces between them; also the pattern in the OpenAPI document."""
_NAME_RULE: Final = "should have no control characters, and no space at either end"


# An e-mail is one account in any case; the database stores lower case.
Email = Annotated[EmailStr, Field(max_length=MAX_EMAIL_CHARACTERS), AfterValidator(str.lower)]


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

    email: Email
    password: NewPassword
    name: Annotated[str, Field(min_length=1, max_length=100), Matching(PERSON_NAME, _NAME_RULE)]


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

    email: Email
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
