"""Validation of requests against models.

An error lists each invalid field with what is allowed, and never repeats a value: it may be a
password.
"""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest

from service.http import json_content
from service.http.problems import FieldError, InvalidParameters
from telemetry import current_record

_NOT_JSON = "json_invalid"
WHOLE_BODY = "body"

M = TypeVar("M", bound=BaseModel)


def read_query(model: type[M]) -> M:
    """Validate the query string of the current request.

    Raises:
        InvalidParameters: Some parameters are invalid.
    """
    given = request.args.to_dict(flat=False)
    names = [field.alias or name for name, field in model.model_fields.items()]
    repeated = [
        FieldError(name, "should be given once") for name in names if len(given.get(name, ())) > 1
    ]
    if repeated:
        raise InvalidParameters(repeated)
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _invalid(error) from None


def read_headers(model: type[M]) -> M:
    """Validate the headers of the current request that a model names.

    Raises:
        InvalidParameters: Some headers are invalid.
    """
    names = [str(field.alias) for field in model.model_fields.values()]
    try:
        return model.model_validate(
            {name: request.headers[name] for name in names if name in request.headers}
        )
    except ValidationError as error:
        raise _invalid(error) from None


def read_body(model: type[M]) -> M:
    """Validate the JSON body of the current request.

    Raises:
        UnsupportedMediaType: The ``Content-Type`` is not JSON in UTF-8.
        BadRequest: The body is not JSON.
        InvalidParameters: Some members are invalid.
    """
    body, record = json_content.read(), current_record()
    if record is not None:
        record.redact_values(body)
    try:
        found = model.model_validate_json(body)
    except ValidationError as error:
        if any(
            failed["type"] == _NOT_JSON
            for failed in error.errors(include_input=False, include_url=False)
        ):
            raise BadRequest(json_content.NOT_JSON) from None
        json_content.require_strict(body)
        raise _invalid(error) from None
    json_content.require_strict(body)
    return found


def _invalid(error: ValidationError) -> InvalidParameters:
    failed = error.errors(include_input=False, include_url=False, include_context=False)
    return InvalidParameters(
        [
            FieldError(".".join(map(str, one["loc"])) or WHOLE_BODY, _reason(one["msg"]))
            for one in failed
        ]
    )


def _reason(message: str) -> str:
    for words in ("Value error, ", "Input ", "String "):
        message = message.removeprefix(words)
    return message
