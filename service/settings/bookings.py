"""Settings of bookings: when money is paid back, and how long a slot waits for its payment."""

from telemetry import Settings


class BookingSettings(Settings):
    """To come."""
