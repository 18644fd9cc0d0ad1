"""The limiter around the routes: before a request is read it is counted, and every answer says what
is left.

A route that asks for an account is counted by account, once its token is proved; every other, and
every token that proves nothing, by address. Reading tokens where nobody needs them would cost every
request, and would give whoever logs in to many accounts as many limits.

Source: draft-ietf-httpapi-ratelimit-headers (``RateLimit-*`` of its version 6, ``RateLimit-Policy``
of its newest); RFC 6585 (429).
"""

import ipaddress
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from limits import RateLimitItem, parse

from service import metrics as business
from service.http.access import access_of
from service.http.client_address import client_address
from service.http.openapi import extras
from service.http.problems import problem
from service.rate_limits.counting import Counting
from service.rate_limits.groups import GROUPS, Group, OnLimited, group_of, on_limited_of
from service.rate_limits.memory_counters import MemoryCounters
from service.rate_limits.redis_counters import SharedCounters
from service.rate_limits.settings import RateLimitSettings
from service.rate_limits.sliding_window import Taken
from telemetry import Telemetry
from telemetry.config import Network

RATE_LIMITED: Final = "urn:serene:problem:rate-limited"
HEADERS: Final = {
    "RateLimit-Limit": "Requests that are allowed within the window.",
    "RateLimit-Remaining": "Requests that are left of it.",
    "RateLimit-Reset": "Seconds until the window ends or, when none is left, until the next request passes.",
    "RateLimit-Policy": "The group that the route is counted in, its limit and its window in seconds.",
}
IPV6_CLIENT_PREFIX: Final = 64
"""Whoever has an IPv6 address has 2**64 of them."""

_ADDRESSES_REMEMBERED: Final = 4096
_STATE: Final = "_serene_rate_limit"


@dataclass(frozen=True, slots=True)
class _Plan:
    group: Group
    item: RateLimitItem
    by_account: bool
    limit: str
    policy: str
    on_limited: OnLimited | None


def install(
    app: Flask,
    settings: RateLimitSettings,
    telemetry: Telemetry,
    account_id: Callable[[], str | None],
) -> None:
    """Limit the requests that an app takes, when that is switched on.

    Args:
        app: Before its other middlewares, so that nothing is done for a request that is one too
            many.
        settings: The limits, and where requests are counted.
        telemetry: Counts and traces; it starts and ends what runs in the background.
        account_id: The account that the current request proves to come from; ``None`` without one.
    """
    if not settings.rate_limits:
        return
    fallbacks = telemetry.metrics.counter(business.RATE_LIMIT_FALLBACKS)
    shared = (
        SharedCounters(settings.redis_url, settings.redis_timeout_seconds, telemetry.http_client)
        if settings.redis_url
        else None
    )
    counting = Counting(
        MemoryCounters(),
        shared,
        retry_seconds=settings.redis_retry_seconds,
        on_fallback=fallbacks.inc,
    )
    telemetry.health.add_indicator("rate_limits", counting.evidence, "report")
    telemetry.on_start(counting.start)
    telemetry.on_shutdown(counting.close)
    rejected = telemetry.metrics.counter(business.RATE_LIMITED)
    for group in GROUPS:
        rejected.labels(group)
    limiter = Limiter(settings, counting, account_id, lambda group: rejected.labels(group).inc())
    app.before_request(limiter.judge)
    app.after_request(limiter.tell)
    extras.contribute(app, _documented)


class Limiter:
    """Judges the requests of one app.

    Args:
        settings: The limits.
        counting: Where requests are counted.
        account_id: The account that the current request proves to come from.
        on_rejected: Called with the group of each request that is one too many.
    """

    def __init__(
        self,
        settings: RateLimitSettings,
        counting: Counting,
        account_id: Callable[[], str | None],
        on_rejected: Callable[[Group], None],
    ) -> None:
        self._account_id = account_id
        self._items: dict[Group, RateLimitItem] = {
            group: parse(getattr(settings, f"rate_limit_{group}")) for group in GROUPS
        }
        self._counting = counting
        self._on_rejected = on_rejected
        self._plans: dict[tuple[str, str], _Plan | None] = {}
        self._address = lru_cache(_ADDRESSES_REMEMBERED)(
            lambda text: counted_address(text, settings.rate_limit_exempt_networks)
        )

    def judge(self) -> Response | None:
        """Count the current request; an answer when it is one too many."""
        if request.url_rule is None:
            return None
        plan = self._plan(request.endpoint or "", request.method)
        address = self._address(client_address()) if plan else None
        if plan is None or address is None:
            return None
        account_id = self._account_id() if plan.by_account else None
        taken = self._counting.take(f"{plan.group}/{account_id or address}", plan.item)
        setattr(g, _STATE, (plan, taken))
        if taken.passed:
            return None
        self._on_rejected(plan.group)
        answered = plan.on_limited() if plan.on_limited else None
        return _refusal(taken) if answered is None else answered

    def tell(self, response: Response) -> Response:
        """Say on the current request's answer what is left."""
        state: tuple[_Plan, Taken] | None = g.get(_STATE)
        if state is not None:
            plan, taken = state
            headers = response.headers
            headers["RateLimit-Limit"] = plan.limit
            headers["RateLimit-Remaining"] = str(taken.remaining)
            headers["RateLimit-Reset"] = str(math.ceil(taken.reset_seconds))
            headers["RateLimit-Policy"] = plan.policy
        return response

    def _plan(self, endpoint: str, method: str) -> _Plan | None:
        key = (endpoint, method)
        if key not in self._plans:  # bounded: these are methods that the route has
            self._plans[key] = self._planned(current_app.view_functions[endpoint], method)
        return self._plans[key]

    def _planned(self, view: Callable[..., Any], method: str) -> _Plan | None:
        group = group_of(view, method)
        if group is None:
            return None
        item = self._items[group]
        policy = f'"{group}";q={item.amount};w={item.get_expiry()}'
        return _Plan(
            group, item, access_of(view) is not None, str(item.amount), policy, on_limited_of(view)
        )


def counted_address(text: str, exempt: Sequence[Network]) -> str | None:
    """What an address is counted as; ``None`` when it is not.

    Args:
        text: An address, or whatever a server has in its place.
        exempt: Networks that are not limited.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if any(address in network for network in exempt):
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, IPV6_CLIENT_PREFIX), strict=False))
    return str(address)


def _refusal(taken: Taken) -> Response:
    seconds = max(1, math.ceil(taken.reset_seconds))
    response = problem(
        429,
        f"Too many requests; the next one passes in {seconds} s.",
        type=RATE_LIMITED,
        title="Rate Limited",
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _documented(view: Callable[..., Any], method: str) -> extras.Note | None:
    return (
        None
        if group_of(view, method) is None
        else extras.Note(headers=HEADERS, problems=frozenset({429}))
    )
