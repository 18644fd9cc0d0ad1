"""Rate limits: groups of routes, counters in memory or Redis, and the limiter around the routes.

A decorator sets a route's group; nothing here knows a route.
"""

from service.rate_limits.groups import GROUPS, Group, group_of, limited, unlimited
from service.rate_limits.limiter import count, install

__all__ = ["GROUPS", "Group", "count", "group_of", "install", "limited", "unlimited"]
