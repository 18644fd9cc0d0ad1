"""Registries with arbitrary instruments, for property tests of the exposition."""

import math

from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary

plain_names = st.from_regex(r"[a-z][a-z0-9_]{0,8}[a-z]", fullmatch=True)
any_names = plain_names | st.sampled_from(["a.b", "héllo", "with:colon", "blank in it", 'quote"d'])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["", "\\", '"', "\n", "%s %%", 'a="b",c']
)
values = st.floats(width=64)
positive = st.floats(min_value=0) | st.just(math.nan)
exemplars = st.none() | st.dictionaries(st.sampled_from(["trace_id", "span_id"]), texts, min_size=1)


@st.composite
def registries(draw):
    registry = CollectorRegistry()
    for number, family in enumerate(
        draw(
            st.lists(
                st.sampled_from([counter, gauge, histogram, summary, info, enum, callback]),
                max_size=5,
            )
        )
    ):
        # One prefix each, so that no two families clash.
        family(
            draw,
            f"m{number}_{draw(any_names)}",
            draw(st.lists(any_names, max_size=2, unique=True)),
            registry,
        )
    if draw(st.booleans()):
        registry.set_target_info({"service_name": draw(texts.filter(bool))})
    return registry


def children(draw, instrument, labels):
    if not labels:
        return [instrument]
    sets = st.lists(st.tuples(*(texts for _ in labels)), max_size=3, unique=True)
    return [instrument.labels(*values) for values in draw(sets)]


def counter(draw, name, labels, registry):
    for child in children(
        draw,
        Counter(
            name, draw(texts), labels, registry=registry, unit=draw(st.sampled_from(["", "bytes"]))
        ),
        labels,
    ):
        child.inc(draw(positive), draw(exemplars))


def gauge(draw, name, labels, registry):
    for child in children(
        draw,
        Gauge(
            name,
            draw(texts),
            labels,
            registry=registry,
            unit=draw(st.sampled_from(["", "seconds"])),
        ),
        labels,
    ):
        child.set(draw(values))


def callback(draw, name, labels, registry):
    for child in children(draw, Gauge(name, draw(texts), labels, registry=registry), labels):
        value = draw(values)
        child.set_function(lambda value=value: value)


def histogram(draw, name, labels, registry):
    buckets = draw(
        st.lists(
            st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4, unique=True
        ).map(sorted)
    )
    for child in children(
        draw, Histogram(name, draw(texts), labels, registry=registry, buckets=buckets), labels
    ):
        for value in draw(st.lists(values, max_size=4)):
            child.observe(value, draw(exemplars))


def summary(draw, name, labels, registry):
    for child in children(draw, Summary(name, draw(texts), labels, registry=registry), labels):
        for value in draw(st.lists(values, max_size=2)):
            child.observe(value)


def info(draw, name, labels, registry):
    for child in children(draw, Info(name, draw(texts), labels, registry=registry), labels):
        child.info({"an_extra": draw(texts)})


def enum(draw, name, labels, registry):
    for child in children(
        draw, Enum(name, draw(texts), labels, registry=registry, states=["on", "off"]), labels
    ):
        child.state(draw(st.sampled_from(["on", "off"])))
