"""The lines of plain instruments, prepared once per child and then only filled in.

Each child has one template with its names and escaped labels; values are read without locks (each
is one attribute, and one read of it is atomic). ``_created`` samples are left out: they double a
counter's lines, the Collector's receiver stores them as series of their own, and a restart is
visible in ``process_start_time_seconds``.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from prometheus_client import Counter, Gauge, Histogram, Summary
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString
from prometheus_client.validation import METRIC_LABEL_NAME_RE
from prometheus_client.values import MutexValue

_go_float = cast(Callable[[float], str], floatToGoString)


def is_plain(collector: Any) -> bool:
    """Return whether a collector is a counter, gauge, histogram or summary with unescaped names.

    A subclass of those may have other samples, and is not plain.
    """
    # Colons are legal in a metric's name, but prometheus_client escapes them in OpenMetrics
    # samples: such a name is not plain.
    return type(collector) in (Counter, Gauge, Histogram, Summary) and all(
        METRIC_LABEL_NAME_RE.match(name) for name in (collector._name, *collector._labelnames)
    )


class InstrumentLines:
    """All lines of one plain instrument.

    Args:
        instrument: A Counter, Gauge, Histogram or Summary, with labels or without.
        constant: Labels of every sample; a label of the instrument's own wins.
    """

    def __init__(self, instrument: Any, constant: Mapping[str, str]) -> None:
        self._instrument = instrument
        self._constant = constant
        self._children: dict[tuple[str, ...], _Child] = {}
        name, kind, unit = instrument._name, instrument._type, instrument._unit
        text_name = f"{name}_total" if kind == "counter" else name
        text_help = instrument._documentation.replace("\\", r"\\").replace("\n", r"\n")
        self._text_header = f"# HELP {text_name} {text_help}\n# TYPE {text_name} {kind}\n"
        unit_line = f"# UNIT {name} {unit}\n" if unit else ""
        self._openmetrics_header = (
            f"# HELP {name} {_escape(instrument._documentation)}\n# TYPE {name} {kind}\n{unit_line}"
        )

    def parts(self, openmetrics: bool) -> Iterator[tuple[int, str]]:
        """Render the lines, child by child.

        Args:
            openmetrics: OpenMetrics, with exemplars; else the Prometheus text format.

        Yields:
            The approximate number of lines, and their text.
        """
        instrument = self._instrument
        yield 3, self._openmetrics_header if openmetrics else self._text_header
        instances = instrument._metrics.copy() if instrument._labelnames else {(): instrument}
        children = self._children
        for values, instance in instances.items():
            child = children.get(values)
            if child is None or not child.renders(instance):
                own = zip(instrument._labelnames, values, strict=True)
                child = children[values] = _child_of(instance, {**self._constant, **dict(own)})
            yield child.lines, child.fill(openmetrics)
        if len(children) > len(instances):
            for gone in children.keys() - instances.keys():
                children.pop(gone, None)


class _Child:
    """One child that makes its samples itself, because its value comes from a callback."""

    def __init__(self, instance: Any, labels: dict[str, str]) -> None:
        self._instance = instance
        self._labels = labels
        self.lines = 1

    def renders(self, instance: Any) -> bool:
        return self._instance is instance

    def fill(self, openmetrics: bool) -> str:
        out = []
        for suffix, labels, value, _, exemplar, _ in self._instance._child_samples():
            if suffix != "_created":
                shown = _number(value) + (_exemplar(exemplar) if openmetrics and exemplar else "")
                out.append(
                    f"{self._instance._name}{suffix}{_braces({**self._labels, **labels})} {shown}\n"
                )
        return "".join(out)


class _Single(_Child):
    """A counter or a gauge with a value of its own."""

    def __init__(self, instance: Any, labels: dict[str, str], suffix: str) -> None:
        super().__init__(instance, labels)
        self._value: MutexValue = instance._value
        self._prefix = f"{instance._name}{suffix}{_braces(labels)} "

    def renders(self, instance: Any) -> bool:
        return self._instance is instance and not _has_callback(instance)

    def fill(self, openmetrics: bool) -> str:
        exemplar = self._value._exemplar
        if openmetrics and exemplar is not None:
            return f"{self._prefix}{_number(self._value._value)}{_exemplar(exemplar)}\n"
        return f"{self._prefix}{_number(self._value._value)}\n"


class _Summary(_Child):
    """Count and sum."""

    def __init__(self, instance: Any, labels: dict[str, str]) -> None:
        super().__init__(instance, labels)
        self.lines = 2
        shown = _braces(labels).replace("%", "%%")
        self._template = f"{instance._name}_count{shown} %s\n{instance._name}_sum{shown} %s\n"

    def fill(self, openmetrics: bool) -> str:
        return self._template % (
            _number(self._instance._count._value),
            _number(self._instance._sum._value),
        )


class _Histogram(_Child):
    """Cumulative buckets, count and, where no bound is negative, sum."""

    def __init__(self, instance: Any, labels: dict[str, str]) -> None:
        super().__init__(instance, labels)
        name, bounds = instance._name, instance._upper_bounds
        lines = [f"{name}_bucket{_braces({**labels, 'le': _go_float(bound)})} " for bound in bounds]
        lines.append(f"{name}_count{_braces(labels)} ")
        self._has_sum = bounds[0] >= 0
        if self._has_sum:
            lines.append(f"{name}_sum{_braces(labels)} ")
        self.lines = len(lines)
        self._template = "".join(line.replace("%", "%%") + "%s\n" for line in lines)

    def fill(self, openmetrics: bool) -> str:
        total = 0.0
        text = "0.0"
        shown = []
        for bucket in self._instance._buckets:
            count = bucket._value
            if count:
                total += count
                text = _number(total)
            exemplar = bucket._exemplar
            shown.append(
                text if exemplar is None or not openmetrics else text + _exemplar(exemplar)
            )
        shown.append(text)
        if self._has_sum:
            shown.append(_number(self._instance._sum._value))
        return self._template % tuple(shown)


def _has_callback(instance: Any) -> bool:
    # Gauge.set_function replaces the method that makes the samples on the instance.
    return "_child_samples" in vars(instance)


def _child_of(instance: Any, labels: dict[str, str]) -> _Child:
    kind = type(instance)
    if _has_callback(instance):
        return _Child(instance, labels)
    if kind is Histogram and type(instance._sum) is MutexValue:
        return _Histogram(instance, labels)
    if kind is Summary and type(instance._sum) is MutexValue:
        return _Summary(instance, labels)
    if kind in (Counter, Gauge) and type(instance._value) is MutexValue:
        return _Single(instance, labels, "_total" if kind is Counter else "")
    return _Child(instance, labels)


def _braces(labels: dict[str, str]) -> str:
    return (
        "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in sorted(labels.items())) + "}"
        if labels
        else ""
    )


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    # Below a million Go and Python write a float alike; not-a-number fails the comparison.
    return repr(float(value)) if -1e6 < value < 1e6 else _go_float(value)


def _exemplar(exemplar: Exemplar) -> str:
    when = f" {exemplar.timestamp}" if exemplar.timestamp is not None else ""
    return f" # {_braces(exemplar.labels) or '{}'} {_number(exemplar.value)}{when}"
