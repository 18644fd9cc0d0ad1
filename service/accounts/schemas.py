"""What clients send and get where accounts are made and opened. Passwords are never shown, not even
by ``repr``.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, EmailStr, Field, SecretStr

from service.accounts.model import Account, Role
from service.http.responses import Instant, Model
from service.http.text_fields import Matching

LONGEST_EMAIL: Final = 254
_VISIBLE: Final = r"[^\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\ufffb]"
PERSONS_NAME: Final = f"^{_VISIBLE}( *{_VISIBLE})*$"
"""Nothing that controls, hides or turns text around, and spaces only within; a pattern that the
document can tell as well.
"""
_NO_NAME: Final = "should have no control characters, and no space at either end"


# An e-mail is one account however it is written; what stands in the database is in lower case.
Email = Annotated[EmailStr, Field(max_length=LONGEST_EMAIL), AfterValidator(str.lower)]
NewPassword = Annotated[
    SecretStr,
    Field(min_length=10, max_length=128, description="10 to 128 characters, any of them."),
]
GivenPassword = Annotated[SecretStr, Field(min_length=1, max_length=128)]
RefreshToken = Annotated[
    SecretStr,
    Field(min_length=1, max_length=200, description="Out of a login, or out of the last refresh."),
]


class Registration(Model):
    """A new account."""

    email: Email
    password: NewPassword
    name: Annotated[str, Field(min_length=1, max_length=100), Matching(PERSONS_NAME, _NO_NAME)]


class LoginRequest(Model):
    """Credentials."""

    email: Email
    password: GivenPassword


class RefreshRequest(Model):
    """A token that renews a login, or ends it."""

    refresh_token: RefreshToken


class PasswordChange(Model):
    """A new password, and the one so far."""

    current_password: GivenPassword
    new_password: NewPassword


class TokenPair(Model):
    """What a login gives."""

    access_token: str = Field(description="For `Authorization: Bearer …`.")
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int = Field(description="Seconds that the access token is good.")
    refresh_token: str = Field(description="Good once. Using it a second time ends the login.")


class AccountView(Model):
    """An account, for its owner."""

    id: str
    email: str
    name: str
    role: Role
    created_at: Instant

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """The account as its owner sees it."""
        return cls(
            id=account.account_id,
            email=account.email,
            name=account.name,
            role=account.role,
            created_at=account.created_at,
        )
