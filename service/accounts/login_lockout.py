"""The lockout after wrong passwords: how many attempts are allowed, and how long the wait is then.

Source: OWASP's authentication cheat sheet (exponential lockout) and its guide on device cookies
(who logged in before is not locked out by others); NIST SP 800-63B, 5.2.2 (at most 100 failures).
"""

from dataclasses import dataclass
from typing import Final

KEPT_FOR_LOCKOUTS: Final = 4
"""Attempts are kept for so many of the longest lockouts."""

_MAX_DOUBLINGS: Final = 32


@dataclass(frozen=True, slots=True)
class LockoutPolicy:
    """Limits of wrong passwords and the lockouts beyond them.

    Args:
        per_account: Wrong passwords for one e-mail from one address before its first lockout.
        per_email: Wrong passwords for one e-mail from all addresses before its first lockout.
        per_address: Wrong passwords from one address before its first lockout.
        first_seconds: First lockout; each further one is twice as long.
        longest_seconds: Longest lockout.
    """

    per_account: int
    per_email: int
    per_address: int
    first_seconds: float
    longest_seconds: float

    def lockout_seconds(self, failures: int, allowed: int) -> float:
        """Return the lockout after so many wrong passwords; 0 while they are within the limit."""
        if failures < allowed:
            return 0.0
        doubled: float = self.first_seconds * 2 ** min(failures - allowed, _MAX_DOUBLINGS)
        return min(self.longest_seconds, doubled)

    @property
    def kept_seconds(self) -> float:
        """How long an attempt is kept."""
        return KEPT_FOR_LOCKOUTS * self.longest_seconds
