"""What a client sent, checked against a model. What cannot be used is told field by field, and
never repeated: it may be a password.
"""

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from service.http.problems import FieldError, InvalidParameters
from telemetry import current_record

NO_JSON = "json_invalid"
WHOLE_BODY = "body"

M = TypeVar("M", bound=BaseModel)


def read_query(model: type[M]) -> M:
    """The query string of the current request.

    Raises:
        InvalidParameters: With each parameter that cannot be used.
    """
    given = request.args.to_dict(flat=False)
    names = [field.alias or name for name, field in model.model_fields.items()]
    twice = [
        FieldError(name, "should be given once") for name in names if len(given.get(name, ())) > 1
    ]
    if twice:
        raise InvalidParameters(twice)
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise _told(error) from None


def read_headers(model: type[M]) -> M:
    """The headers of the current request that a model names.

    Raises:
        InvalidParameters: With each header that cannot be used.
    """
    names = [str(field.alias) for field in model.model_fields.values()]
    try:
        return model.model_validate(
            {name: request.headers[name] for name in names if name in request.headers}
        )
    except ValidationError as error:
        raise _told(error) from None


def read_body(model: type[M]) -> M:
    """The JSON body of the current request.

    Raises:
        UnsupportedMediaType: It says it is something else.
        BadRequest: It is not JSON.
        InvalidParameters: With each member that cannot be used.
    """
    if not request.is_json:
        raise UnsupportedMediaType(
            "The body should be JSON, and Content-Type should say so: application/json."
        )
    body, record = request.get_data(), current_record()
    if record is not None:
        record.redact_values(body)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if any(
            failed["type"] == NO_JSON
            for failed in error.errors(include_input=False, include_url=False)
        ):
            raise BadRequest("The body is not JSON.") from None
        raise _told(error) from None


def _told(error: ValidationError) -> InvalidParameters:
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
