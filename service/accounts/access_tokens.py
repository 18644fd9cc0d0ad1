"""Access tokens: JSON Web Tokens, signed by the first of several keys, good for minutes, checked
without the database.

The algorithm is ours and never the token's. A key is taken out of use in two steps: a new one is
put first, and the old one goes when the last token that it signed has expired.

Source: RFC 7519 (JWT), RFC 8725 (its best practices), RFC 9068 (``typ``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal, cast, get_args
from uuid import uuid4

import jwt

from service.accounts.model import Role
from service.accounts.settings import AccountSettings, parse_keys

ALGORITHM: Final = "HS256"
TYPE: Final = "at+jwt"
_REMEMBERED: Final = 4096
"""Tokens that were checked, at most: about a megabyte."""
_CLAIMS: Final = ("sub", "role", "iss", "aud", "iat", "exp", "jti")


class InvalidToken(Exception):
    """A token that proves nothing; the text says no more than a client may know.

    Args:
        detail: See above.
        reason: For whoever counts.
    """

    def __init__(self, detail: str, reason: Literal["expired", "invalid"] = "invalid") -> None:
        super().__init__(detail)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is calling.

    Args:
        account_id: UUID.
        role: As it was when the token was issued.
    """

    account_id: str
    role: Role


class AccessTokens:
    """Issues and checks access tokens.

    Args:
        settings: Keys, issuer, audience and how long they are good.
        clock: Unix time in seconds.
    """

    def __init__(
        self, settings: AccountSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = parse_keys(settings.token_keys.get_secret_value())
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._clock = clock
        self._checked: dict[bytes, tuple[Identity, float]] = {}
        self.good_for_seconds = settings.access_token_seconds

    def issue(self, identity: Identity) -> str:
        """A token for an account."""
        name, secret = next(iter(self._keys.items()))
        now = int(self._clock())
        claims = {
            "sub": identity.account_id,
            "role": identity.role,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + int(self.good_for_seconds),
            "jti": uuid4().hex,
        }
        return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": name, "typ": TYPE})

    def check(self, token: str) -> Identity:
        """Whom a token was issued to; what was found good is remembered for as long as it is.

        Raises:
            InvalidToken: It is not ours, was changed, or has expired.
        """
        # Of the whole token, signature and all: what is remembered proves nothing to whoever reads
        # the memory.
        digest = sha256(token.encode(errors="surrogatepass")).digest()
        remembered = self._checked.get(digest)
        if remembered is not None and remembered[1] > self._clock():
            return remembered[0]
        identity, expires_at = self._verify(token)
        if len(self._checked) >= _REMEMBERED:
            self._checked.clear()
        self._checked[digest] = (identity, expires_at)
        return identity

    def _verify(self, token: str) -> tuple[Identity, float]:
        """Whom it was issued to, and until when, in Unix time."""
        try:
            header = jwt.get_unverified_header(token)
            secret = self._keys.get(str(header.get("kid")))
            if secret is None or header.get("typ") != TYPE:
                raise InvalidToken("The access token is not one of ours.")
            claims = jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                options={"require": list(_CLAIMS)},
            )
        except jwt.ExpiredSignatureError:
            raise InvalidToken("The access token has expired.", "expired") from None
        except (jwt.InvalidTokenError, RecursionError):
            raise InvalidToken("The access token is not one of ours.") from None
        if claims["role"] not in get_args(Role):
            raise InvalidToken("The access token is not one of ours.")
        return Identity(str(claims["sub"]), cast(Role, claims["role"])), float(claims["exp"])
