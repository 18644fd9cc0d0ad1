"""The boards: which panels stand where, and what each says to whoever was woken up."""
