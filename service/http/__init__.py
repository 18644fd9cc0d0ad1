"""HTTP: what all routes share. Nothing here knows a route."""
