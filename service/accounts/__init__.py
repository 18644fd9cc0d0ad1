"""Accounts: registration, login, tokens, roles, and the guard of protected routes."""
