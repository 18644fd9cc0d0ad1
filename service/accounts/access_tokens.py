"""Access tokens: JSON Web Tokens that are verified without the database.

They are signed with the first of several keys and valid for minutes. The service fixes the
algorithm; the token's own header does not choose it. A key is retired in two steps: a new one is
put first, and the old one is removed when its last token has expired.

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
_CACHED_TOKENS: Final = 4096
"""Maximum number of verified tokens in the cache: about a megabyte."""
_CLAIMS: Final = ("sub", "role", "iss", "aud", "iat", "exp", "jti")
_FOREIGN: Final = "The access token is not one of ours."


class InvalidToken(Exception):
    """A token that is not valid.

    Args:
        detail: Sentence for the client.
        reason: Label of the metric that counts it.
    """

    def __init__(self, detail: str, reason: Literal["expired", "invalid"] = "invalid") -> None:
        super().__init__(detail)
        self.reason: Final = reason


@dataclass(frozen=True, slots=True)
class Identity:
    """The account of a valid token.

    Args:
        account_id: UUID.
        role: Role when the token was issued.
    """

    account_id: str
    role: Role


class AccessTokens:
    """Issues and verifies access tokens.

    Args:
        settings: Keys, issuer, audience and validity.
        clock: Unix time in seconds.
    """

    def __init__(
        self, settings: AccountSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = parse_keys(settings.token_keys.get_secret_value())
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._clock = clock
        self._verified: dict[bytes, tuple[Identity, float]] = {}
        self.valid_seconds = settings.access_token_seconds

    def issue(self, identity: Identity) -> str:
        """Return a new token for an account."""
        name, secret = next(iter(self._keys.items()))
        now = int(self._clock())
        claims = {
            "sub": identity.account_id,
            "role": identity.role,
            "iss": self._issuer,
            "aud": self._audience,
            "iat": now,
            "exp": now + int(self.valid_seconds),
            "jti": uuid4().hex,
        }
        return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": name, "typ": TYPE})

    def verify(self, token: str) -> Identity:
        """Return the account of a token; the result is cached until the token expires.

        Raises:
            InvalidToken: The token is foreign, was changed, or has expired.
        """
        # The key is a digest of the whole token, signature included: who reads the memory gets no
        # token from it.
        digest = sha256(token.encode(errors="surrogatepass")).digest()
        cached = self._verified.get(digest)
        if cached is not None and cached[1] > self._clock():
            return cached[0]
        identity, expires_at = self._decode(token)
        if len(self._verified) >= _CACHED_TOKENS:
            self._verified.clear()
        self._verified[digest] = (identity, expires_at)
        return identity

    def _decode(self, token: str) -> tuple[Identity, float]:
        """Return the account and the expiry in Unix time."""
        try:
            header = jwt.get_unverified_header(token)
            secret = self._keys.get(str(header.get("kid")))
            if secret is None or header.get("typ") != TYPE:
                raise InvalidToken(_FOREIGN)
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
            raise InvalidToken(_FOREIGN) from None
        if claims["role"] not in get_args(Role):
            raise InvalidToken(_FOREIGN)
        return Identity(str(claims["sub"]), cast(Role, claims["role"])), float(claims["exp"])
