"""Settings of payments: the Stripe account, and how long its answers are waited for."""

from telemetry import Settings


class PaymentSettings(Settings):
    """To come."""
