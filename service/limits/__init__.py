"""Rate limits of groups of routes, by account or by address."""
