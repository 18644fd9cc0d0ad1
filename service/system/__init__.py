"""The service itself: its root page, its documentation and its health."""
