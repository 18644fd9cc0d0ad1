"""The scenes, in the order in which they run: those that break hosts come last."""

from typing import Final

from stack.fleet.scene import Scene
from stack.fleet.scenes import (
    idempotency,
    rate_limits,
    slots,
    tokens,
    webhooks,
)

SCENES: Final[tuple[Scene, ...]] = (
    tokens.SCENE,
    slots.SCENE,
    idempotency.SCENE,
    webhooks.SCENE,
    rate_limits.SCENE,
)
