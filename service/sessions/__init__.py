"""Therapists, their slots, and the bookings of members with payment and cancellation."""
