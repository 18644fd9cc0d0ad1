"""The content delivery network before the service: what it may keep, and what is removed from it."""
