"""Spans of the upstream instrumentation follow the record, and leave no context behind."""

from tests.telemetry.tracing.processes import run

STABLE = {"OTEL_SEMCONV_STABILITY_OPT_IN": "http,database"}

PREAMBLE = """
    from opentelemetry.trace import get_current_span
    from tests.support.delivered import delivered
    from tests.telemetry.conformance import make_app, observe
    app, records = make_app(), []
"""


def test_requests_of_one_greenlet_share_no_context():
    lines = run(
        PREAMBLE
        + """
    queue = observe(app, "instrumentation-flask", records)
    client = app.test_client()
    for path in ("/posts/a", "/streamed", "/streamed", "/posts/b"):
        answer = client.get(path)
        if path == "/streamed":
            next(answer.iter_encoded())  # the client leaves after the first chunk
        answer.close()
        print(get_current_span().get_span_context().is_valid)
    spans = delivered(queue)
    print([span.name for span in spans], [span.parent for span in spans])
    ids = [(f"{one.context.trace_id:032x}", f"{one.context.span_id:016x}") for one in spans]
    print(ids == [(record.trace_id, record.span_id) for record in records])
    """,
        env=STABLE,
    )
    names = ["GET /posts/<slug>", "GET /streamed", "GET /streamed", "GET /posts/<slug>"]
    assert lines == ["False"] * 4 + [f"{names} {[None] * 4}", "True"]


def test_refused_span_takes_the_exemplar_with_it():
    lines = run(
        PREAMBLE
        + """
    observe(app, "instrumentation-flask", records, queue_spans=1)
    for _ in range(2):
        app.test_client().get("/posts/a").close()
    print([record.sampled for record in records])
    """,
        env=STABLE,
    )
    assert lines == ["[True, False]"]


def test_caller_is_followed_only_where_the_record_follows_it():
    lines = run(
        PREAMBLE
        + """
    settings = {"traceparent_from": "trusted-proxies", "trusted_proxies": "10.0.0.0/8"}
    queue = observe(app, "instrumentation-flask", records, **settings)
    client = app.test_client()
    trace, span = "1" * 32, "2" * 16
    for address, flags in (("10.0.0.1", "01"), ("10.0.0.1", "00"), ("192.0.2.1", "01")):
        headers = {"traceparent": f"00-{trace}-{span}-{flags}"}
        peer = {"REMOTE_ADDR": address}
        client.get("/posts/a", headers=headers, environ_base=peer, buffered=True).close()
    print([(record.trace_id == trace, record.sampled) for record in records])
    print([span.context.trace_id == int(trace, 16) for span in delivered(queue)])
    """,
        env=STABLE,
    )
    assert lines == ["[(True, True), (True, False), (False, True)]", "[True, False]"]


def test_parent_reaches_the_instrumentation_in_the_process_s_own_format():
    lines = run(
        PREAMBLE
        + """
    queue = observe(app, "instrumentation-flask", records, propagators=("b3",))
    for headers in ({"b3": "1" * 32 + "-" + "2" * 16 + "-1"}, {"b3": "3"}, {}):
        app.test_client().get("/posts/a", headers=headers).close()
    print([span.parent.span_id if span.parent else None for span in delivered(queue)])
    """,
        env=STABLE | {"OTEL_PROPAGATORS": "b3"},
    )
    assert lines == [f"[{int('2' * 16, 16)}, None, None]"]
