"""Decodes pprof's ``profile.proto``, as far as profiles here use it; independent of the encoder."""

from dataclasses import dataclass


@dataclass
class Decoded:
    """A profile; stacks outermost first."""

    sample_types: list
    samples: list
    period: tuple
    seconds: float
    comments: list


def decode(data):
    fields = list(_fields(data))
    strings = [value.decode() for number, value in fields if number == 6]

    def pair(value):
        found = dict(_fields(value))
        return strings[found.get(1, 0)], strings[found.get(2, 0)]

    functions = {}
    for number, value in fields:
        if number == 5:
            found = dict(_fields(value))
            functions[found[1]] = strings[found[2]]
    locations = {}
    for number, value in fields:
        if number == 4:
            found = dict(_fields(value))
            locations[found[1]] = functions[dict(_fields(found[4]))[1]]
    samples = []
    for number, value in fields:
        if number == 2:
            parts = list(_fields(value))
            stack = [locations[each] for each in _packed(dict(parts)[1])]
            labels = dict(pair(each) for key, each in parts if key == 3)
            samples.append((tuple(reversed(stack)), tuple(_packed(dict(parts)[2])), labels))
    single = dict(fields)
    return Decoded(
        [pair(value) for number, value in fields if number == 1],
        samples,
        (pair(single[11]), single[12]),
        single[10] / 1e9,
        [strings[value] for number, value in fields if number == 13],
    )


def _fields(data):
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        yield tag >> 3, value


def _packed(data):
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def _varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
