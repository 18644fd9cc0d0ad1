"""Access tokens: JSON Web Tokens that are verified without the database.

They are signed with the first of several keys and valid for minutes. The service fixes the
algorithm; the token's own header does not choose it. A key is retired in two steps: a new one is
put first, and the old one is removed when its last token has expired. The clocks of the machines
may differ by a few seconds.

Source: RFC 7519 (JWT), RFC 8725 (its best practices), RFC 9068 (``typ``).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal, cast, get_args
from uuid import uuid4

import jwt
from jwt.types import Options

from service.accounts.model import Role
from service.accounts.settings import AccountSettings, parse_keys

ALGORITHM: Final = "HS256"
TYPE: Final = "at+jwt"
_CACHED_TOKENS: Final = 4096
"""Maximum number of verified tokens in the cache: about a megabyte."""
_CLAIMS: Final = ("sub", "role", "iss", "aud", "iat", "exp", "jti")
_LAST_TIME: Final = 2**53
"""Largest integer that JSON carries between any two programs (RFC 8259, 6)."""
_OPTIONS: Final[Options] = {
    "require": list(_CLAIMS),
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_FOREIGN: Final = "The access token is not one of ours."


Invalidity = Literal[
    "expired", "not_yet_valid", "signature", "algorithm", "key", "claims", "malformed", "request"
]
"""Why a token is not valid.

The time, the signature, another algorithm (``none`` too), a key that we do not have, a foreign or
missing claim or type, or no token at all; ``request``: the header has several tokens or another
format.
"""


class InvalidToken(Exception):
    """A token that is not valid.

    Args:
        reason: Label of the metric that counts it.
        detail: Sentence for the client.
    """

    def __init__(self, reason: Invalidity, detail: str = _FOREIGN) -> None:
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


def key_timestamp(settings: AccountSettings) -> float | None:
    """Return the Unix time of the date in the signing key's name, as in ``2026-11-01:secret``.

    Returns:
        Midnight in UTC; ``None`` for a name without a date, whose age is not known.
    """
    name = next(iter(parse_keys(settings.token_keys.get_secret_value())))
    found = _DATE.search(name)
    try:
        return datetime.fromisoformat(f"{found[0]}T00:00Z").timestamp() if found else None
    except ValueError:
        return None


class AccessTokens:
    """Issues and verifies access tokens.

    Args:
        settings: Keys, issuer, audience, validity and leeway.
        clock: Unix time in seconds.
    """

    def __init__(
        self, settings: AccountSettings, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = parse_keys(settings.token_keys.get_secret_value())
        self._issuer = settings.token_issuer
        self._audience = settings.token_audience
        self._leeway_seconds = settings.access_token_leeway_seconds
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
        """Return the account, and until when the token is accepted in Unix time."""
        secret = self._secret_of(token)
        try:
            claims = jwt.decode(
                token,
                secret,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                # By our own clock, below.
                options=_OPTIONS,
            )
        except jwt.InvalidSignatureError:
            raise InvalidToken("signature") from None
        except (jwt.DecodeError, RecursionError):
            raise InvalidToken("malformed") from None
        except jwt.InvalidTokenError:
            raise InvalidToken("claims") from None
        if claims["role"] not in get_args(Role):
            raise InvalidToken("claims")
        identity = Identity(str(claims["sub"]), cast(Role, claims["role"]))
        return identity, self._accepted_until(claims)

    def _secret_of(self, token: str) -> str:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, RecursionError):
            raise InvalidToken("malformed") from None
        if header.get("alg") != ALGORITHM:
            raise InvalidToken("algorithm")
        secret = self._keys.get(str(header.get("kid")))
        if secret is None:
            raise InvalidToken("key")
        if header.get("typ") != TYPE:
            raise InvalidToken("claims")
        return secret

    def _accepted_until(self, claims: dict[str, Any]) -> float:
        now, leeway = self._clock(), self._leeway_seconds
        until = _numeric_date(claims["exp"]) + leeway
        if now >= until:
            raise InvalidToken("expired", "The access token has expired.")
        if (
            max(_numeric_date(claims[name]) for name in ("iat", "nbf") if name in claims) - leeway
            > now
        ):
            raise InvalidToken("not_yet_valid", "The access token is not valid yet.")
        return until


def _numeric_date(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken("claims")
    if not -_LAST_TIME <= value <= _LAST_TIME:  # nor infinity, nor NaN
        raise InvalidToken("claims")
    return value
