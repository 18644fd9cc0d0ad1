"""Models as JSON responses."""

from datetime import datetime
from typing import Annotated

from flask import Response
from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema


def _instant(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[
    datetime, PlainSerializer(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A point in time, in UTC to the millisecond: ``2026-11-23T20:00:00.000Z``."""


class Model(BaseModel):
    """Base of request and response bodies: frozen, and an unknown member is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def json_response(model: BaseModel, status: int = 200) -> Response:
    """Return a model as a JSON response."""
    return Response(model.model_dump_json(), status, mimetype="application/json")
