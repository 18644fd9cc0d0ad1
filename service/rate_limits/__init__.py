"""How often an account or an address may call: groups of routes, counters in memory or Redis, and
the limiter around the routes.

A route says its group by a decorator. Nothing here knows a single route.
"""

from service.rate_limits.groups import GROUPS, Group, group_of, limited, unlimited
from service.rate_limits.limiter import install

__all__ = ["GROUPS", "Group", "group_of", "install", "limited", "unlimited"]
