"""Groups of settings: frozen models whose aliases are the names of environment variables.

The environment is always an argument. Every problem becomes one line fit for a log; what may hold a
password is masked.
"""

import re
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError


class SettingError(ValueError):
    """Settings that cannot be used; the text is one line for the operator of the process.

    Args:
        problems: What is wrong, one text for each setting; the line joins them by "; ".
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseModel):
    """Base of a group of settings: each field's alias is the environment variable that sets it."""

    model_config = ConfigDict(
        frozen=True,
        populate_by_name=True,
        extra="ignore",
        arbitrary_types_allowed=True,
        # A group that others inherit needs no validator: each takes up to 0.2 MB.
        defer_build=True,
    )

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
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            # A default that depends on another setting is not made when that one is bad; reporting
            # it as well would add nothing.
            problems = [
                problem
                for problem in error.errors()
                if problem["type"] != "default_factory_not_called"
            ]
            raise SettingError(*(_one_line(problem, given) for problem in problems)) from None


def quoted(name: str, value: str) -> str:
    """``NAME='value'`` for a message; credentials in a URL are masked."""
    masked = re.sub(r"//.*@", "//***@", value)
    return f"{name}={masked!r}"


def _one_line(problem: Mapping[str, object], given: Mapping[str, str]) -> str:
    location = problem["loc"]
    name = str(location[0]) if isinstance(location, tuple) and location else ""
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if name not in given:
        return message if not name else f"{name} is not set: {message}"
    return f"{quoted(name, given[name])}: {message}"
