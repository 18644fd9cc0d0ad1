"""The text of a refresh token: its login, its number in the login's chain, and a secret."""

import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_BYTES: Final = 32
_TOKEN: Final = re.compile(r"([A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,8})-([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token.

    Args:
        login_id: Id of its login.
        number: Number of the tokens of the login before it.
        secret: Random bytes.
    """

    login_id: str
    number: int
    secret: bytes

    @classmethod
    def first(cls) -> "RefreshToken":
        """Return the first token of a new login."""
        return cls(secrets.token_urlsafe(16), 0, secrets.token_bytes(_BYTES))

    @classmethod
    def parse(cls, text: str) -> "RefreshToken | None":
        """Return the token of a text; ``None`` for a text in another format."""
        found = _TOKEN.fullmatch(text)
        return cls(found[1], int(found[2]), bytes.fromhex(found[3])) if found else None

    @property
    def text(self) -> str:
        """The token as clients send it."""
        return f"{self.login_id}.{self.number}-{self.secret.hex()}"

    @property
    def digest(self) -> str:
        """Its hash; the secret is random, so a slow hash or a salt would protect nothing more."""
        return sha256(self.text.encode()).hexdigest()

    def successor(self) -> "RefreshToken":
        """Return a token that may come after this one."""
        return RefreshToken(self.login_id, self.number + 1, secrets.token_bytes(_BYTES))

    def seal(self, successor: "RefreshToken") -> str:
        """Return the successor's secret, which only this token opens.

        Of the successors that are sealed with one token only one is stored, so its pad is used
        once.
        """
        return self._with_pad(successor.secret).hex()

    def unseal(self, sealed: str) -> "RefreshToken":
        """Return the successor that was sealed with this token."""
        return RefreshToken(self.login_id, self.number + 1, self._with_pad(bytes.fromhex(sealed)))

    def _with_pad(self, secret: bytes) -> bytes:
        pad = sha256(b"successor of " + self.text.encode()).digest()
        return bytes(one ^ other for one, other in zip(secret, pad, strict=True))
