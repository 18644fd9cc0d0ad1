"""Canaries: values that must never be in a log line, a span or a metric, and how to find them.

``WORD`` is redacted for its origin (a body, a sensitive name, a private path); ``SHAPED`` values
are redacted for their shape as well, so they may be anywhere.
"""

from typing import Any, Final

from stack.paths import ROOT

WORD: Final = "canary chirps softly"
EMAIL: Final = "Canary.Bird@serene-mail.com"
TOKEN: Final = "canaryTOKEN0123456789abcdefghijKLMNOPqrst"
CARD: Final = "4242424242424242"
PASSWORD: Final = "canary-first-password"
FILE_NAME: Final = "canary-diagnosis.txt"
KEY: Final = "canary-idempotency-key"
SHAPED: Final = (EMAIL, TOKEN, CARD)

HEADERS: Final = {
    "Authorization": f"Bearer {TOKEN}",
    "Content-Disposition": f'attachment; filename="{FILE_NAME}"',
    "Cookie": "session=canary-of-a-cookie",
    "Idempotency-Key": KEY,
    "If-Match": '"canary-match"',
    "If-None-Match": '"canary-none-match"',
    "Proxy-Authorization": f"Basic {TOKEN}",
    "Range": "canary=0-1",
    "Referer": f"https://serene-mail.com/?email={EMAIL}",
    "Stripe-Signature": "t=1,v1=canary",
    "User-Agent": f"canaries/1.0 ({EMAIL}; token={TOKEN})".replace("canaries", "agent"),
    "X-Api-Key": TOKEN,
    "X-Forwarded-For": EMAIL,
    "X-Request-ID": TOKEN,
}
"""Headers of every request, whether or not its route reads them."""


def found_in(text: str) -> list[str]:
    """Return the canaries in a text."""
    # Stack traces have file names, and a checkout may have any name.
    lower = text.replace(str(ROOT), "").lower().replace(" ", "")
    return [one for one in ("canary", CARD) if one in lower]


def leaks(signals: dict[str, str]) -> list[tuple[str, str]]:
    """Return each line of a sink that contains a canary."""
    return [
        (sink, line[:2000])
        for sink, text in signals.items()
        for line in text.splitlines()
        if found_in(line)
    ]


def body_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """Return a body of a schema in which every text is a canary, and an unknown member too."""
    if "$ref" in schema:
        return body_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    for options in ("anyOf", "allOf", "oneOf"):
        if options in schema:
            return body_of(schema[options][0], schemas, name)
    if "properties" in schema:
        return {
            member: body_of(own, schemas, member) for member, own in schema["properties"].items()
        } | {"stranger": WORD}
    if schema.get("type") == "array":
        return [body_of(schema["items"], schemas, name)]
    return {"email": EMAIL, "payment_method": CARD, "refresh_token": TOKEN}.get(name, WORD)
