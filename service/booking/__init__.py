"""How a booking goes: a slot is claimed, paid, cancelled, and recovered after a crash. Knows the store and payments, not HTTP."""
