"""The scenes, in the order in which they run: those that break hosts come last."""

from typing import Final

from stack.fleet.scene import Scene
from stack.fleet.scenes import (
    faults,
    idempotency,
    metrics,
    rate_limits,
    rolling_update,
    slots,
    tokens,
    traces,
    webhooks,
)

SCENES: Final[tuple[Scene, ...]] = (
    tokens.SCENE,
    slots.SCENE,
    idempotency.SCENE,
    webhooks.SCENE,
    rate_limits.SCENE,
    traces.WHOLE,
    traces.KILLED,
    metrics.SCENE,
    rolling_update.SCENE,
    *faults.SCENES,
)
