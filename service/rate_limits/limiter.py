"""The limiter around the routes.

It counts each request before it is read, and adds ``RateLimit-*`` headers to its response. A route
that requires an account is counted by account, once the token is verified; every other request, and
every request without a valid token, is counted by address. Verifying tokens on public routes would
cost every request, and would give a client with many accounts as many limits.

Source: draft-ietf-httpapi-ratelimit-headers (``RateLimit-*`` of its version 6, ``RateLimit-Policy``
of its newest); RFC 6585 (429).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, parse

from service import metrics as business
from service.http.access import ACCESS
from service.http.client_address import address_key, client_address, parse_address
from service.http.openapi import extras
from service.http.problems import problem
from service.rate_limits.fallback import CountersWithFallback
from service.rate_limits.groups import GROUPS, Group, OnLimited, group_of, on_limited_of
from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.redis_counters import RedisCounters
from service.rate_limits.settings import RateLimitSettings
from service.rate_limits.sliding_window import Decision
from telemetry import Network, Telemetry

RATE_LIMITED: Final = "urn:serene:problem:rate-limited"
HEADERS: Final = {
    "RateLimit-Limit": "Maximum number of requests within the window.",
    "RateLimit-Remaining": "Remaining requests.",
    "RateLimit-Reset": (
        "Seconds until the window ends or, when no request remains, until the next one is accepted."
    ),
    "RateLimit-Policy": "Group of the route, its limit and its window in seconds.",
}
_CACHED_ADDRESSES: Final = 4096
_EXTENSION: Final = "serene.limiter"
_STATE: Final = "_serene_rate_limit"


@dataclass(frozen=True, slots=True)
class _RouteLimit:
    group: Group
    item: RateLimitItem
    by_account: bool
    limit_header: str
    policy_header: str
    on_limited: OnLimited | None


def install(
    app: Flask,
    settings: RateLimitSettings,
    telemetry: Telemetry,
    account_id: Callable[[], str | None],
) -> None:
    """Limit the requests of an app, when the setting is on.

    Args:
        app: Its other middlewares are not installed yet, so that they do nothing for a refused
            request.
        settings: Limits, and where requests are counted.
        telemetry: For metrics and traces; it starts and stops the check in the background.
        account_id: Returns the account of the current request's valid token; ``None`` without one.
    """
    if not settings.rate_limits:
        return
    counters = _counters(settings, telemetry)
    rejected = telemetry.metrics.counter(business.RATE_LIMITED)
    for group in GROUPS:
        rejected.labels(group)
    limiter = Limiter(settings, counters, account_id, lambda group: rejected.labels(group).inc())
    app.extensions[_EXTENSION] = limiter
    app.before_request(limiter.check)
    app.after_request(limiter.add_headers)
    extras.contribute(app, _openapi_extra)


def count(group: Group, key: str) -> Response | None:
    """Count the current request of a limited route once more, by a key of its own.

    Args:
        group: Its limit.
        key: What is counted, such as the login of a token.

    Returns:
        A response when the request is beyond the limit; ``None`` when it is not, or when its
        address is exempt.
    """
    limiter: Limiter | None = current_app.extensions.get(_EXTENSION)
    return limiter.count(group, key) if limiter and g.get(_STATE) else None


def _counters(settings: RateLimitSettings, telemetry: Telemetry) -> CountersWithFallback:
    fallbacks = telemetry.metrics.counter(business.RATE_LIMIT_FALLBACKS)
    shared = (
        RedisCounters(settings.redis_url, settings.redis_timeout_seconds, telemetry.http_client)
        if settings.redis_url
        else None
    )
    counters = CountersWithFallback(
        MemoryCounters(),
        shared,
        retry_seconds=settings.redis_retry_seconds,
        on_fallback=fallbacks.inc,
    )
    telemetry.health.add_indicator("rate_limits", counters.evidence, "report")
    telemetry.on_start(counters.start)
    telemetry.on_shutdown(counters.close)
    return counters


class Limiter:
    """Checks the requests of one app.

    Args:
        settings: The limits.
        counters: Counts requests.
        account_id: See ``install``.
        on_rejected: Called with the group of each request beyond its limit.
    """

    def __init__(
        self,
        settings: RateLimitSettings,
        counters: CountersWithFallback,
        account_id: Callable[[], str | None],
        on_rejected: Callable[[Group], None],
    ) -> None:
        self._account_id = account_id
        self._items: dict[Group, RateLimitItem] = {
            group: parse(getattr(settings, f"rate_limit_{group}")) for group in GROUPS
        }
        self._counters = counters
        self._on_rejected = on_rejected
        self._routes: dict[tuple[str, str], _RouteLimit | None] = {}
        self._address = lru_cache(_CACHED_ADDRESSES)(
            lambda text: counted_address(text, settings.rate_limit_exempt_networks)
        )

    def check(self) -> Response | None:
        """Count the current request; return a response when it is beyond its limit."""
        if request.url_rule is None:
            return None
        route = self._route(request.endpoint or "", request.method)
        address = self._address(client_address()) if route else None
        if route is None or address is None:
            return None
        account_id = self._account_id() if route.by_account else None
        return self._hit(route, account_id or address)

    def count(self, group: Group, key: str) -> Response | None:
        """Count the current request in a group by a key; return a response beyond its limit."""
        return self._hit(self._limit(group), key)

    def _hit(self, route: _RouteLimit, key: str) -> Response | None:
        decision = self._counters.hit(f"{route.group}/{key}", route.item)
        setattr(g, _STATE, (route, decision))
        if decision.allowed:
            return None
        self._on_rejected(route.group)
        response = route.on_limited() if route.on_limited else None
        return _refusal(decision) if response is None else response

    def add_headers(self, response: Response) -> Response:
        """Add the ``RateLimit-*`` headers to the response of a counted request."""
        state: tuple[_RouteLimit, Decision] | None = g.get(_STATE)
        if state is not None:
            route, decision = state
            headers = response.headers
            headers["RateLimit-Limit"] = route.limit_header
            headers["RateLimit-Remaining"] = str(decision.remaining)
            headers["RateLimit-Reset"] = str(math.ceil(decision.reset_seconds))
            headers["RateLimit-Policy"] = route.policy_header
        return response

    def _route(self, endpoint: str, method: str) -> _RouteLimit | None:
        key = (endpoint, method)
        if key not in self._routes:  # bounded: only methods of the route get here
            self._routes[key] = self._route_limit(current_app.view_functions[endpoint], method)
        return self._routes[key]

    def _route_limit(self, view: Callable[..., Any], method: str) -> _RouteLimit | None:
        group = group_of(view, method)
        if group is None:
            return None
        by_account = ACCESS.get(view) is not None
        return replace(self._limit(group), by_account=by_account, on_limited=on_limited_of(view))

    def _limit(self, group: Group) -> _RouteLimit:
        item = self._items[group]
        return _RouteLimit(
            group=group,
            item=item,
            by_account=False,
            limit_header=str(item.amount),
            policy_header=f'"{group}";q={item.amount};w={item.get_expiry()}',
            on_limited=None,
        )


def counted_address(text: str, exempt: Sequence[Network]) -> str | None:
    """Return the key that an address is counted by; ``None`` when it is exempt.

    Args:
        text: An address, or another text that the server reports in its place.
        exempt: Networks without limits.
    """
    address = parse_address(text)
    if address is None:
        return text
    return None if any(address in network for network in exempt) else address_key(address)


def _refusal(decision: Decision) -> Response:
    seconds = max(1, math.ceil(decision.reset_seconds))
    response = problem(
        429,
        f"Too many requests; the next one passes in {seconds} s.",
        type=RATE_LIMITED,
        title="Rate Limited",
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _openapi_extra(view: Callable[..., Any], method: str) -> extras.OpenApiExtra | None:
    if group_of(view, method) is None:
        return None
    return extras.OpenApiExtra(headers=HEADERS, problems=frozenset({429}))
