"""The content delivery network before the service, and how copies are removed from it."""
