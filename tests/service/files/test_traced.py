"""The number of spans of an upload."""

from collections import Counter

from service.files.upload import CHUNK_BYTES
from tests.service.files.calls import upload
from tests.service.members import member


def test_upload_trace_has_one_span_per_megabyte_and_few_more(instrumented):
    ada = member(instrumented.client)
    instrumented.spans.clear()
    response = upload(ada, b"x" * 5 * CHUNK_BYTES)
    found = instrumented.spans.get_finished_spans()
    server = next(span for span in found if span.name == "POST /api/v1/files")
    assert response.status_code == 201
    assert Counter(span.name for span in found if span is not server) == {
        "insert uploads.chunks": 5,
        "insert uploads.files": 1,
        "insert uploads.reservations": 1,
        "find uploads.reservations": 2,
        "find uploads.files": 1,
        "delete uploads.reservations": 1,
    }
    assert {span.parent.span_id for span in found if span is not server} == {server.context.span_id}
