"""From the text of a variable, or a value of a program, to a value that a setting may have."""

import math
import re
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from telemetry.config.fields import (
    AfterValidator,
    BeforeValidator,
    FieldInfo,
    SecretStr,
    split_annotation,
)

# Every problem of a value is a ``ValueError``: a line for the operator, no mistake of the code.
_TRUE: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE: Final = frozenset({"false", "f", "no", "n", "off", "0"})
_INTEGER: Final = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0*)?")


def convert(value: object, annotation: Any, metadata: tuple[Any, ...] = ()) -> Any:
    """Return a value as its type has it.

    Args:
        value: A text, or what the program passed.
        annotation: The type: one of those that settings have.
        metadata: Bounds and validators.

    Raises:
        ValueError: It is not allowed; the text is what is, without the value.
    """
    annotation, inner = split_annotation(annotation)
    metadata = inner + metadata
    for each in metadata:
        if isinstance(each, BeforeValidator):
            value = each.function(value)
    value = _typed(value, annotation)
    for each in metadata:
        if isinstance(each, AfterValidator):
            value = each.function(value)
        elif isinstance(each, FieldInfo):
            check_bounds(value, each)
    return value


def _typed(value: object, annotation: Any) -> Any:
    reader = _READERS.get(annotation)
    if reader is not None:
        return reader(value)
    origin = get_origin(annotation)
    if origin is Literal:
        return _option(value, get_args(annotation))
    if origin in (Union, UnionType):
        return _one_of(value, get_args(annotation))
    if origin is tuple:
        return _tuple(value, get_args(annotation))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ValueError("should be a valid dictionary")
        return {str(name): _text(each) for name, each in value.items()}
    if not isinstance(value, annotation):
        raise ValueError(f"should be an instance of {annotation.__name__}")  # noqa: TRY004
    return value


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if isinstance(value, str | int) and text in _TRUE | _FALSE:
        return text in _TRUE
    raise ValueError("should be a valid boolean, unable to interpret input")


def _integer(value: object) -> int:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        text = value.strip()
        if _INTEGER.fullmatch(text) and len(text) <= 4300:
            return int(text.partition(".")[0])
        raise ValueError("should be a valid integer, unable to parse string as an integer")
    raise ValueError("should be a valid integer")


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            pass
        raise ValueError("should be a valid number, unable to parse string as a number")
    raise ValueError("should be a valid number")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("should be a valid string")  # noqa: TRY004
    return value


def _secret(value: object) -> SecretStr:
    return value if isinstance(value, SecretStr) else SecretStr(_text(value))


_READERS: Final[Mapping[Any, Any]] = {
    bool: _boolean,
    int: _integer,
    float: _number,
    str: _text,
    SecretStr: _secret,
}


def _option(value: object, options: tuple[Any, ...]) -> object:
    if value not in options:
        *first, last = map(repr, options)
        raise ValueError(
            f"should be {', '.join(first)} or {last}" if first else f"should be {last}"
        )
    return value


def _one_of(value: object, kinds: tuple[Any, ...]) -> Any:
    """Return a value as the first of several types has it that takes it."""
    if value is None and NoneType in kinds:
        return None
    problem: ValueError | None = None
    for kind in kinds:
        if kind is not NoneType:
            try:
                return convert(value, kind)
            except ValueError as error:
                problem = problem or error
    raise problem or ValueError("should be absent")


def _tuple(value: object, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise ValueError("should be a valid tuple")  # noqa: TRY004
    if kinds[-1:] == (...,):
        return tuple(convert(each, kinds[0]) for each in value)
    if len(value) != len(kinds):
        raise ValueError(f"should have {len(kinds)} items")
    return tuple(convert(each, kind) for each, kind in zip(value, kinds, strict=True))


def check_bounds(value: Any, bounds: FieldInfo) -> None:
    """Check a value.

    Raises:
        ValueError: It is outside.
    """
    if not bounds.allow_inf_nan and not math.isfinite(value):
        raise ValueError("should be a finite number")
    if bounds.gt is not None and not value > bounds.gt:
        raise ValueError(f"should be greater than {bounds.gt:.12g}")
    if bounds.ge is not None and not value >= bounds.ge:
        raise ValueError(f"should be greater than or equal to {bounds.ge:.12g}")
    if bounds.le is not None and not value <= bounds.le:
        raise ValueError(f"should be less than or equal to {bounds.le:.12g}")
    if bounds.pattern is not None and not re.search(bounds.pattern, value):
        raise ValueError(f"String should match pattern '{bounds.pattern}'")
    if bounds.min_length is not None and len(value) < bounds.min_length:
        raise ValueError(f"String should have at least {_characters(bounds.min_length)}")
    if bounds.max_length is not None and len(value) > bounds.max_length:
        raise ValueError(f"String should have at most {_characters(bounds.max_length)}")


def _characters(count: int) -> str:
    return f"{count} character" if count == 1 else f"{count} characters"
