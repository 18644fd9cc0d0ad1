"""Payments by Stripe: calls of its API, and its webhook. Bookings are not known here."""
