"""Canaries: values that nobody may ever read in a log line, a span or a metric, and where to look
for them.

Words are known by where they come from (a body, a name that is sensitive, a path that is private);
the other three by their shape as well, so they may be put anywhere.
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
"""Of every request, whatever its route asks for."""


def found_in(text: str) -> list[str]:
    """What of the canaries a text tells."""
    lower = (
        text.replace(str(ROOT), "").lower().replace(" ", "")
    )  # stacks name files, and a checkout may be called anything
    return [one for one in ("canary", CARD) if one in lower]


def leaks(told: dict[str, str]) -> list[tuple[str, str]]:
    """Each line of a sink that tells a canary."""
    return [
        (sink, line[:2000])
        for sink, text in told.items()
        for line in text.splitlines()
        if found_in(line)
    ]


def body_of(schema: dict[str, Any], schemas: dict[str, Any], name: str = "") -> Any:
    """A value in which every text that a schema knows is a canary, and a member that it does not
    know is one too.
    """
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
