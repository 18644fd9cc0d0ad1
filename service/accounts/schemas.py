"""Request and response bodies of accounts; ``repr`` shows no password."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, EmailStr, Field, SecretStr

from service.accounts.model import Account, Role
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
NewPassword = Annotated[
    SecretStr,
    Field(min_length=10, max_length=128, description="10 to 128 characters, any of them."),
]
GivenPassword = Annotated[SecretStr, Field(min_length=1, max_length=128)]
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
    refresh_token: str = Field(description="Valid once. Using it a second time ends the login.")


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
