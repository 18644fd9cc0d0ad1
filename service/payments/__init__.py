"""Payments by Stripe: what is asked of it, and what its webhooks say. Nothing here knows bookings or HTTP of ours."""
