"""What of a request may be told: names always, values only when a setting says so."""

from functools import lru_cache

MAX_QUERY_LENGTH = 1024
REDACTED = "REDACTED"


@lru_cache(maxsize=512)
def redact_query(query: str, keep_values: bool = False) -> str:
    """A query string fit for spans and logs.

    Args:
        query: As received, without the question mark.
        keep_values: Leave the values in.

    Returns:
        ``page=REDACTED&tag=REDACTED``; cut after 1,024 characters.

    Source: OpenTelemetry semantic conventions, ``url.query``: sensitive content should be scrubbed and the names kept.
    """
    query = query[:MAX_QUERY_LENGTH]
    if keep_values or not query:
        return query
    return "&".join(f"{name}={REDACTED}" if equals else REDACTED for name, equals, _ in (part.partition("=") for part in query.split("&")))
