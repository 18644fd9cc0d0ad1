"""The Members board's way to a paid session: registration, login, booking, payment, refund."""

from typing import Final

from dashboards import links
from dashboards.layout import Band, Section
from dashboards.panels import BarGauge, Target, TimeSeries, neutral
from dashboards.queries import members as queries
from service import objectives

_FUNNEL = Band(
    9,
    BarGauge(
        title="From registration to payment",
        unit="short",
        description=(
            "How many members registered, logged in, booked and paid in the time range. A step that"
            " is much lower than usual beside the one before: that step fails or is slow; its graph"
            " beside shows the results."
        ),
        thresholds=neutral(),
        no_value="no worker reports",
        targets=(
            Target(queries.REGISTERED, "registered"),
            Target(queries.LOGGED_IN, "logged in"),
            Target(queries.BOOKED, "booked"),
            Target(queries.PAID, "paid"),
        ),
    ),
    TimeSeries(
        title="Logins",
        unit="reqps",
        description=(
            "Logins, renewals and registrations by result. Many of failure or limited: a password"
            " attack. reuse: a stolen refresh token, or a client that keeps old ones; the login has"
            " ended. Many of email_taken: a search for accounts."
        ),
        targets=(
            Target(queries.LOGINS, "login: {{result}}"),
            Target(queries.RENEWALS, "renewal: {{result}}"),
            Target(queries.REGISTRATIONS, "registration: {{result}}"),
        ),
    ),
    TimeSeries(
        title="Bookings",
        unit="reqps",
        description=(
            "Bookings by result. Many taken: members compete for few slots. Recovered: the request"
            " ended after the payment and before the booking."
        ),
        targets=(Target(queries.BOOKINGS, "{{result}}"),),
    ),
)

_PAYMENTS = Band(
    9,
    TimeSeries(
        title="Payments",
        unit="reqps",
        description=(
            "Calls to the payment provider, by operation and result. unavailable: no answer in"
            " time, see External wait by route. declined: by the member's bank."
        ),
        targets=(Target(queries.PAYMENTS, "{{operation}}: {{result}}"),),
    ),
    TimeSeries(
        title="Webhook events",
        unit="reqps",
        description=(
            "Events from the payment provider, by result. refused: the signature is invalid,"
            " because of a wrong secret or a forged request."
        ),
        targets=(Target(queries.PAYMENT_EVENTS, "{{result}}"),),
    ),
    TimeSeries(
        title="Refunds",
        unit="short",
        description=(
            "States that refunds have got at the payment provider. failed and canceled: the member"
            " has not got the money back; the log names the refund, and a person has to pay it back"
            " in another way."
        ),
        targets=(Target(queries.REFUNDS, "{{status}}"),),
    ),
)

_OPEN_PAYMENTS = Band(
    9,
    TimeSeries(
        title="Oldest unsettled payment",
        unit="s",
        description=(
            "Age of the oldest payment, cancellation or refund that is not finished; 0 without one."
            " A saw-tooth is normal: the recovery pass settles each. A line that only rises: the"
            " provider's answers do not arrive, or a task fails again and again; a member may have"
            " paid without a booking."
        ),
        targets=(Target(queries.PAYMENTS_UNSETTLED, "oldest"),),
        limits=objectives.PAYMENT_UNSETTLED_SECONDS,
        links=(links.lines("Lines of tasks", '|= "task "'),),
    ),
    TimeSeries(
        title="External wait by route",
        unit="suffix:s/s",
        description=(
            "Seconds per second that requests wait for other services, of the routes with the most."
            " Only one rises: the service that it calls became slower."
        ),
        targets=(Target(queries.EXTERNAL_BY_ROUTE, "{{http_route}}"),),
    ),
)

SECTION: Final = Section("Where? Sessions and payments", _FUNNEL, _PAYMENTS, _OPEN_PAYMENTS)
