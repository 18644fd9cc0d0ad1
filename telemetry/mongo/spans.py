"""One client span a command, by ``opentelemetry-instrumentation-pymongo`` on our own provider.

Its ``CommandTracer`` is handed to the client as a listener, so nothing is patched or registered
globally, and the stable conventions are asked for directly, so no environment variable has to be
set in time. Hooks add what it lacks of them, and correct what it gets wrong: values in the
description of an error, and an error type that names network failures "UnknownError".

Source: OpenTelemetry semantic conventions, database client spans (stable) and MongoDB.
"""

from typing import Any, Final

from opentelemetry.instrumentation._semconv import _StabilityMode
from opentelemetry.instrumentation.pymongo import CommandTracer
from opentelemetry.instrumentation.pymongo.version import __version__
from opentelemetry.semconv.attributes import db_attributes as db
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import Span, Status, StatusCode, TracerProvider
from pymongo import monitoring

from telemetry.guard import Guard
from telemetry.mongo import outcomes
from telemetry.mongo.command import collection_of
from telemetry.mongo.outcomes import Failure
from telemetry.mongo.query_shape import query_shape

BATCHES: Final = {"insert": "documents", "update": "updates", "delete": "deletes"}
"""Name of the member that holds the statements, by write command."""


def command_tracer(provider: TracerProvider, guard: Guard) -> CommandTracer:
    """Build the listener that makes spans.

    Args:
        provider: Where the spans go.
        guard: Stands around each hook.
    """
    place = guard.at("mongo.spans")

    def request(span: Span, event: monitoring.CommandStartedEvent) -> None:
        with place:
            if span.is_recording():
                _describe(span, event)

    def response(span: Span, event: monitoring.CommandSucceededEvent) -> None:
        with place:
            failure = outcomes.of_reply(event.reply)
            if failure is not None:
                _fail(span, failure)

    def failed(span: Span, event: monitoring.CommandFailedEvent) -> None:
        with place:
            _fail(span, outcomes.of_failure(event.failure))

    tracer = provider.get_tracer(
        "opentelemetry.instrumentation.pymongo", __version__, schema_url=Schemas.V1_33_0.value
    )
    return CommandTracer(
        tracer,
        request_hook=request,
        response_hook=response,
        failed_hook=failed,
        semconv_opt_in_mode=_StabilityMode.DATABASE,
    )


def _describe(span: Span, event: monitoring.CommandStartedEvent) -> None:
    name, command, collection = event.command_name, event.command, collection_of(event)
    summary = f"{name} {collection}" if collection else name
    attributes: dict[str, Any] = {
        db.DB_OPERATION_NAME: name,
        db.DB_QUERY_SUMMARY: summary,
        db.DB_QUERY_TEXT: query_shape(name, command),
    }
    if collection:
        attributes[db.DB_COLLECTION_NAME] = collection
    statements = len(command.get(BATCHES.get(name, ""), ()))
    if statements > 1:
        attributes[db.DB_OPERATION_BATCH_SIZE] = statements
    span.set_attributes(attributes)
    span.update_name(summary)


def _fail(span: Span, failure: Failure) -> None:
    span.set_status(Status(StatusCode.ERROR, failure.message))
    span.set_attribute(ERROR_TYPE, failure.error_type)
    if failure.status_code:
        span.set_attribute(db.DB_RESPONSE_STATUS_CODE, failure.status_code)
