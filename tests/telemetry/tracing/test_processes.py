"""Tracing in processes of its own: a patched hub, a fork, a disabled SDK, no effect of building."""

import pytest

from tests.telemetry.tracing.processes import PATCH, run

pytestmark = pytest.mark.e2e


def test_export_does_not_hold_a_patched_hub_while_the_receiver_hangs():
    lines = run(
        """
        with peer(peers.hangs) as url:
            tracing = tracing_of(
                otlp_endpoint=url, export_interval_seconds=0.01, export_timeout_seconds=30
            )
            tracing.start()
            tracing.tracer.start_span("a").end()
            worst, began = 0.0, time.monotonic()
            while time.monotonic() - began < 1.0:
                before = time.monotonic()
                gevent.sleep(0.01)
                worst = max(worst, time.monotonic() - before)
            print(worst < 10)
            print(tracing.shutdown(0.5), time.monotonic() - began < 20)
        """,
        before=PATCH,
    )
    assert lines == ["True", "False True"]


def test_spans_of_patched_threads_are_delivered():
    lines = run(
        """
        with Collector() as collector:
            tracing = tracing_of(
                otlp_endpoint=collector.endpoint, export_interval_seconds=0.01, batch_spans=2
            )
            tracing.start()
            def end_span(): tracing.tracer.start_span("a").end()
            threads = [threading.Thread(target=end_span) for _ in range(5)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(tracing.shutdown(), collector.names)
        """,
        before=PATCH,
    )
    assert lines == [f"True {['a'] * 5}"]


def test_tracing_built_before_a_fork_exports_from_the_child():
    lines = run(
        """
        port = free_port()
        tracing = tracing_of(otlp_endpoint=f"http://127.0.0.1:{port}")
        child = gevent.fork()
        if child == 0:
            tracing.start()
            tracing.tracer.start_span("of the child").end()
            os._exit(0 if tracing.shutdown(20.0) else 1)
        with Collector(port=port) as collector:
            while not os.waitpid(child, os.WNOHANG)[0]:
                gevent.sleep(0.01)
            print(collector.names, len(tracing.queue))
        """,
        before=PATCH,
    )
    assert lines == ["['of the child'] 0"]


def test_child_of_a_subprocess_runs_no_other_greenlet():
    lines = run(
        """
        import subprocess, tempfile
        turns = tempfile.TemporaryFile(buffering=0)
        def another_request():
            while True:
                os.write(turns.fileno(), b"%d\\n" % os.getpid())
                gevent.sleep(0)
        tracing = tracing_of()
        other = gevent.spawn(another_request)
        gevent.sleep(0.01)
        for _ in range(5):
            subprocess.run(["true"], check=True)
        other.kill()
        turns.seek(0)
        print(set(turns.read().split()) == {b"%d" % os.getpid()})
        turns.close()
        """,
        before=PATCH,
    )
    assert lines == ["True"]


def test_forked_child_has_its_own_process_id():
    lines = run(
        """
        tracing = tracing_of()
        child = os.fork()
        if child == 0:
            tracers = [tracing.tracer, tracing.provider.get_tracer("another")]
            pids = {one.start_span("a").resource.attributes["process.pid"] for one in tracers}
            os._exit(0 if pids == {os.getpid()} else 1)
        own = tracing.tracer.start_span("c").resource.attributes["process.pid"]
        print(os.waitpid(child, 0)[1], own == os.getpid())
        """,
    )
    assert lines == ["0 True"]


def test_building_starts_nothing():
    lines = run(
        """
        import gc, psutil
        gc.collect()
        def state():
            greenlets = sum(issubclass(type(thing), gevent.Greenlet) for thing in gc.get_objects())
            return psutil.Process().num_threads(), psutil.Process().num_fds(), greenlets
        before = state()
        tracing = tracing_of()
        tracing.tracer.start_span("a").end()
        print(state() == before, len(tracing.queue))
        """
    )
    assert lines == ["True 1"]


def test_sdk_that_the_environment_disables_makes_no_spans():
    lines = run(
        """
        import uuid
        from telemetry.requests.record import RequestRecord
        from telemetry.tracing import WsgiServerSpans
        config = TelemetryConfig.from_env(os.environ)
        tracing = Tracing(config, Metrics(), Guard(strict=True, on_error=print))
        spans = WsgiServerSpans(tracing)
        texts = ["GET", "GET", "/", "", "http", "", "", ""]
        record = RequestRecord(str(uuid.uuid4()), "1" * 32, *texts, 1, 1)
        spans.open(record, {})
        spans.close(record)
        print(record.sampled, len(tracing.queue))
        """,
        env={"OTEL_SDK_DISABLED": "true"},
    )
    assert lines == ["False 0"]
