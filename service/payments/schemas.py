"""Requests and responses of the webhook."""

from typing import Final, Literal

from pydantic import BaseModel, Field

from service.http.responses import Model

SIGNATURE: Final = "Stripe-Signature"


class SignatureHeader(BaseModel):
    """The signature of the body."""

    signature: str = Field(
        "",
        alias=SIGNATURE,
        description="Time and signatures of the body: `t=…,v1=…`; required.",
    )


class Receipt(Model):
    """Confirms that an event was received."""

    received: Literal[True] = True
