"""Therapists create and replace their own profile, under the conditions of the request.

Concurrent requests do not overwrite each other unseen (``mongo.revisions``); a profile that does
not exist yet is a revision too, with the first profile as its successor.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

import gevent

from service.mongo.leases import Leases
from service.mongo.revisions import Revisions
from service.sessions.model import Therapist
from service.sessions.therapist_repository import TherapistRepository

Condition = Callable[[Therapist | None], bool]


class ProfileConflict(Exception):
    """The current profile does not meet the condition, or exists where none should."""


class TherapistProfiles:
    """Saves profiles.

    Args:
        therapists: Stores them.
        leases: Lock revisions.
        now: In UTC.
        sleep: Waits for a number of seconds.
    """

    def __init__(
        self,
        therapists: TherapistRepository,
        leases: Leases,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], None] = gevent.sleep,
    ) -> None:
        self._therapists = therapists
        self._revisions = Revisions(leases, now=now, sleep=sleep)

    def save(self, profile: Therapist, condition: Condition) -> tuple[Therapist, bool]:
        """Create or replace a profile.

        Args:
            profile: Its revision does not count.
            condition: Must hold for the profile that is replaced; ``None`` stands for no profile.

        Returns:
            The saved profile, and whether it is the first.

        Raises:
            ProfileConflict: The condition does not hold.
            RevisionLocked: Other requests kept changing the profile.
        """
        saved = replace(profile, revision=uuid4().hex)
        was_new = False

        def find() -> Therapist | None:
            current = self._therapists.get(profile.therapist_id)
            if not condition(current):
                raise ProfileConflict
            return current

        def write(current: Therapist | None) -> bool:
            nonlocal was_new
            was_new = current is None
            if current is None:
                return self._therapists.insert(saved)
            return self._therapists.replace(saved, current.revision)

        self._revisions.change(
            find,
            lambda current: f"{profile.therapist_id}:{current.revision if current else 'none'}",
            write,
        )
        return saved, was_new
