"""What all tests stand on. The whole test process is monkey-patched by gevent, before anything else
is imported, because production is: threads are greenlets, sockets and sleeps yield. A test that
needs an unpatched process starts one (``subprocess``)."""

from gevent import monkey

monkey.patch_all()

from telemetry.phases import stamp_notifications  # noqa: E402

# As the worker does, before there is a hub.
stamp_notifications()

import gc  # noqa: E402
import signal  # noqa: E402
from collections.abc import Iterator  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402
from opentelemetry import context as otel_context  # noqa: E402

from telemetry.requests.record import current_record, set_current_record  # noqa: E402
from tests import backend  # noqa: E402
from tests.forks import end_children_that_go_on  # noqa: E402
from tests.mongodb import MongoDB  # noqa: E402
from tests.stripe_mock import StripeMock  # noqa: E402
from tests.support.ports import free_port  # noqa: E402

# A shell lets what it starts in the background ignore SIGINT, and so would every process that the
# tests start and end with it.
signal.signal(signal.SIGINT, signal.default_int_handler)

end_children_that_go_on()

# The same examples each time, so that a failure comes from the change and not from chance; how
# fast they come depends on the machine.
settings.register_profile(
    "serene",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("serene")


BACKENDS = frozenset({"mongodb_uri", "own_mongodb", "stripe_mock", "own_stripe_mock", "redis"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for a real backend is a test on real backends, wherever it lies: ``--fast`` leaves
    it out.
    """
    for item in items:
        if BACKENDS & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.backend)
        if item.get_closest_marker("backend"):
            item.add_marker(pytest.mark.e2e)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that runs a backend without its mark would build one in the fast part: it fails."""
    backend.may_be_built = item.get_closest_marker("e2e") is not None


def pytest_collection_finish() -> None:
    """Modules and tests live until the end: a full collection, of which many tests make several,
    would go through all of them, for up to half a second.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """A test that leaves a request or a span current would make the next one's part of its trace:
    it fails itself instead.
    """
    yield
    left = current_record(), otel_context.get_current()
    set_current_record(None)
    otel_context.attach(otel_context.Context())
    assert left == (None, {}), (
        "a request or a span is still current: close its response, or detach it"
    )


@pytest.fixture(scope="session")
def mongodb_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a MongoDB that all tests share: use a database of your own name, and never stop
    the server.
    """
    with MongoDB(tmp_path_factory.mktemp("mongodb"), free_port()) as server:
        yield server.uri


@pytest.fixture
def own_mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoDB]:
    """A MongoDB of the test's own, to stop, freeze and start again."""
    with MongoDB(tmp_path_factory.mktemp("mongodb"), free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def stripe_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeMock]:
    """A Stripe that all tests share: use your own idempotency keys, and never stop the server."""
    with StripeMock(tmp_path_factory.mktemp("stripe-mock"), free_port()) as server:
        yield server


@pytest.fixture
def own_stripe_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeMock]:
    """A Stripe of the test's own, to stop, freeze and start again."""
    with StripeMock(tmp_path_factory.mktemp("stripe-mock"), free_port()) as server:
        yield server
