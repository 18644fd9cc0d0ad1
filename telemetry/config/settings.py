"""Groups of settings: frozen objects whose fields have the names of environment variables.

The environment is always an argument. Every problem becomes one line fit for a log; what may hold a
password is masked.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, replace
from inspect import get_annotations
from typing import Any, ClassVar, Final, Self, dataclass_transform

from telemetry.config.conversion import convert
from telemetry.config.fields import Field, FieldInfo, split_annotation

_ABSENT: Final = object()


class SettingError(ValueError):
    """Settings that cannot be used; the text is one line for the operator of the process.

    Args:
        problems: What is wrong, one text for each setting; the line joins them by "; ".
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field,))
class Settings:
    """Base of a group of settings: each field's alias is the environment variable that sets it.

    Args:
        values: By the names of fields or their aliases; others are ignored.

    Raises:
        SettingError: A value is not allowed.
    """

    model_fields: ClassVar[Mapping[str, FieldInfo]] = {}
    """The fields by name: those of the bases come first."""
    _checks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        fields: dict[str, FieldInfo] = {}
        checks: dict[str, None] = {}
        for base in reversed(cls.__mro__):
            for name, annotation in get_annotations(base).items():
                if base is not Settings:
                    fields[name] = _field(annotation, base.__dict__.get(name, _ABSENT))
            checks |= dict.fromkeys(
                name for name, each in vars(base).items() if hasattr(each, "checks_settings")
            )
        cls.model_fields, cls._checks = fields, tuple(checks)

    def __init__(self, **values: Any) -> None:
        problems = self._read(values, {})
        if problems:
            raise SettingError(*problems)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read and check the settings.

        Args:
            environ: Variables by name; an empty value counts as not set, as in the OpenTelemetry
                specification.

        Returns:
            The frozen settings.

        Raises:
            SettingError: A value is not allowed; one line for each, joined by "; ".
        """
        aliases = {field.alias for field in cls.model_fields.values()}
        given = {name: value for name, value in environ.items() if name in aliases and value != ""}
        return cls._checked(given, given)

    @classmethod
    def _checked(cls, values: Mapping[str, object], given: Mapping[str, str]) -> Self:
        """Build from values by alias or field name; errors quote the variables in ``given``."""
        built = cls.__new__(cls)
        problems = built._read(values, given)
        if problems:
            raise SettingError(*problems)
        return built

    def _read(self, values: Mapping[str, object], given: Mapping[str, str]) -> list[str]:
        """Set the fields; returns what is wrong."""
        read = self.__dict__
        problems: list[str] = []
        for name, field in self.model_fields.items():
            alias = field.alias
            key = alias if alias is not None and alias in values else name
            value = values.get(key, _ABSENT)
            try:
                if value is not _ABSENT:
                    read[name] = convert(value, field.annotation, field.metadata)
                elif field.is_required():
                    problems.append(f"{field.alias or name} is not set: Field required")
                # A default that depends on a bad setting is not made: there is no use in it.
                elif field.default_factory is None or not problems:
                    read[name] = field.make_default(read)
            except ValueError as error:
                problems.append(_one_line(key, value, str(error), given))
        return problems or self._check_whole()

    def _check_whole(self) -> list[str]:
        try:
            for name in self._checks:
                check: Callable[[], object] = getattr(self, name)
                check()
        except ValueError as error:
            return [str(error)]
        return []

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """Build from values by field name that are not checked; others have their defaults."""
        built = cls.__new__(cls)
        read = built.__dict__
        for name, field in cls.model_fields.items():
            read[name] = values[name] if name in values else field.make_default(read)
        return built

    def model_dump(self) -> dict[str, Any]:
        """Return the settings by name."""
        return dict(self.__dict__)

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Return a copy with other values, which are not checked."""
        copy = type(self).__new__(type(self))
        copy.__dict__.update({**self.__dict__, **update})
        return copy

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to {name!r}: settings do not change")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete {name!r}: settings do not change")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = (
            f"{name}={self.__dict__[name]!r}"
            for name, field in self.model_fields.items()
            if field.repr and name in self.__dict__
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def _field(annotation: Any, declared: Any) -> FieldInfo:
    """Return what a class declares of a field.

    Raises:
        TypeError: It is declared by another library's ``Field``.
    """
    if type(declared).__name__ == "FieldInfo" and not isinstance(declared, FieldInfo):
        raise TypeError("settings are declared by telemetry.Field")
    field = declared if isinstance(declared, FieldInfo) else FieldInfo(declared)
    if declared is _ABSENT:
        field = FieldInfo()
    kind, metadata = split_annotation(annotation)
    hidden = any(isinstance(each, FieldInfo) and not each.repr for each in metadata)
    return replace(
        field, annotation=kind, metadata=(*metadata, field), repr=field.repr and not hidden
    )


def quoted(name: str, value: str) -> str:
    """``NAME='value'`` for a message; credentials in a URL are masked."""
    masked = re.sub(r"//.*@", "//***@", value)
    return f"{name}={masked!r}"


def _one_line(key: str, value: object, message: str, given: Mapping[str, str]) -> str:
    if key in given:
        return f"{quoted(key, given[key])}: {message}"
    return f"{key}: {message}"
