"""Stacks and samples for tests, made from labels."""

from telemetry.hub.code_names import CodeName, Place
from telemetry.hub.samples import Sample

_CODE = (lambda: None).__code__
_names = {}


def stack_of_labels(*labels):
    """A stack with these labels, outermost first; those of ``gevent`` and ``lib`` are not own."""
    return tuple(Place(_name(label), 7) for label in labels)


def _name(label):
    if label not in _names:
        module = label.partition(":")[0]
        own = not module.startswith(("lib", "gevent", "gunicorn"))
        hosting = module.startswith(("gevent", "gunicorn"))
        _names[label] = CodeName(_CODE, label, own, hosting, 0)
    return _names[label]


def sample(*labels, at_ms=25.0, weight_ms=25.0, record=None, cause="cpu", thread_code=""):
    """A sample of a stack."""
    return Sample(
        int(at_ms * 1e6),
        0.001,
        int(weight_ms * 1e6),
        record,
        stack_of_labels(*labels),
        thread_code,
        cause,
    )
