"""The Members board: can members do what they came for.

Which of it not; and is it us, or somebody whom we call.
"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import config, layout
from dashboards.boards.trust import trust
from dashboards.heads import members as heads
from dashboards.layout import Band, Section
from dashboards.panels import (
    PanelBuilder,
    Series,
    distribution,
    lines,
    number,
    plain,
    rising,
    stacked,
)
from dashboards.queries import members as ask

_WORKER = "worker {{service_instance_id}}"


def board() -> Dashboard:
    """The whole board."""
    description = "Can members book, pay, talk and keep files? If not: what fails, and is it us or somebody whom we call?"
    return layout.board(
        "serene-members", "Members", description, (_bad(), _where(), _why(), trust())
    )


def _bad() -> Section:
    return Section("Is it bad? (the last minutes, for members)", (Band(5, _verdicts()),))


def _verdicts() -> tuple[PanelBuilder, ...]:
    share = rising(config.EXTERNAL_FAILED_SHARE)
    return (
        number(
            heads.VERDICTS_PAYMENTS,
            share,
            "no payments",
            Series(ask.PAYMENTS_FAILED_NOW, "not made"),
        ),
        number(
            heads.VERDICTS_COMPANION,
            share,
            "no messages",
            Series(ask.COMPANION_FAILED_NOW, "not answered"),
        ),
        number(
            heads.VERDICTS_COMPANION_P95,
            rising(config.COMPANION_P95_SECONDS),
            "no messages",
            Series(ask.COMPANION_P95_NOW, "p95"),
        ),
        number(
            heads.VERDICTS_CIRCUIT,
            rising(config.COUNT_OF_BAD),
            "nobody reports",
            Series(ask.CIRCUITS_OPEN, "open"),
        ),
        number(heads.VERDICTS_UPLOADS, share, "no uploads", Series(ask.UPLOADS_FAILED_NOW, "lost")),
        number(
            heads.VERDICTS_LIMITED,
            plain(),
            "nobody reports",
            Series(ask.RATE_LIMITED_NOW, "refused"),
        ),
    )


def _where() -> Section:
    return Section(
        "Where?",
        (
            Band(
                8,
                (
                    lines(heads.BOOKINGS, Series(ask.BOOKINGS, "{{result}}")),
                    lines(heads.PAYMENTS, Series(ask.PAYMENTS, "{{operation}}: {{result}}")),
                    lines(heads.PAYMENT_EVENTS, Series(ask.PAYMENT_EVENTS, "{{result}}")),
                ),
            ),
            Band(
                8,
                (
                    stacked(heads.COMPANION_ANSWERS, Series(ask.COMPANION_ANSWERS, "{{result}}")),
                    lines(
                        heads.COMPANION_LATENCY,
                        Series(ask.COMPANION_P50, "p50"),
                        Series(ask.COMPANION_P95, "p95", exemplars=True),
                    ),
                    distribution(heads.COMPANION_HEAT, ask.COMPANION_BUCKETS),
                ),
            ),
            Band(
                8,
                (
                    lines(heads.UPLOADS, Series(ask.UPLOADS, "{{result}}")),
                    distribution(heads.UPLOAD_SIZES, ask.UPLOAD_BUCKETS),
                    lines(heads.UPLOAD_BYTES, Series(ask.UPLOAD_BYTES, "stored")),
                ),
            ),
            Band(
                7,
                (
                    lines(heads.LOGINS, Series(ask.LOGINS, "{{result}}")),
                    lines(heads.POST_READS, Series(ask.POST_READS, "{{result}}")),
                    lines(heads.POST_LISTS, Series(ask.POST_LISTS, "{{filter}}")),
                    lines(heads.POST_WRITES, Series(ask.POST_WRITES, "{{action}}: {{result}}")),
                ),
            ),
        ),
    )


def _why() -> Section:
    return Section(
        "Why?",
        (
            Band(
                7,
                (
                    stacked(heads.EXTERNAL, Series(ask.EXTERNAL_BY_ROUTE, "{{http_route}}")),
                    lines(heads.MONEY, Series(ask.MONEY_MEAN, "{{http_route}}")),
                    lines(heads.COMPANION_CALLS, Series(ask.COMPANION_CALLS, _WORKER)),
                ),
            ),
            Band(
                7,
                (
                    stacked(heads.COMPANION_CIRCUIT, Series(ask.COMPANION_CIRCUIT, "{{state}}")),
                    lines(heads.LIMITED, Series(ask.RATE_LIMITED, "{{group}}")),
                    lines(heads.UNAUTHORIZED, Series(ask.UNAUTHORIZED, "{{reason}}")),
                    lines(heads.FALLBACKS, Series(ask.FALLBACKS, "requests")),
                ),
            ),
        ),
    )
