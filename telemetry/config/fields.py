"""How a setting is declared: its variable, its default, what it may be, and what it does.

The names are those of pydantic, of which settings need a small part; why that part is our own is in
docs/decisions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar, get_args, get_origin

REQUIRED: Final[Any] = object()
"""Stands for the default of a setting that has none."""

MASK: Final = "**********"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AfterValidator:
    """Checks, and may replace, a value that has its type.

    Args:
        function: Raises ``ValueError`` with what is allowed.
    """

    function: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class BeforeValidator:
    """Makes something of a value before its type is checked.

    Args:
        function: Raises ``ValueError`` with what is allowed.
    """

    function: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A declared setting, or bounds in an ``Annotated``; see ``Field``.

    Args:
        annotation: The type without what is annotated.
        metadata: What is annotated, in its order.
    """

    default: Any = REQUIRED
    default_factory: Callable[..., Any] | None = None
    alias: str | None = None
    description: str = ""
    repr: bool = True
    gt: float | None = None
    ge: float | None = None
    le: float | None = None
    allow_inf_nan: bool = True
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    annotation: Any = str
    metadata: tuple[Any, ...] = field(default=())

    def is_required(self) -> bool:
        """Return whether it has no default."""
        return self.default is REQUIRED and self.default_factory is None

    def make_default(self, given: dict[str, Any]) -> Any:
        """Return the default.

        Args:
            given: The settings before this one, for a factory that takes them.
        """
        factory = self.default_factory
        if factory is None:
            return self.default
        takes = getattr(getattr(factory, "__code__", None), "co_argcount", 0)
        return factory(given) if takes else factory()


def Field(  # noqa: PLR0913 - as in pydantic
    default: Any = REQUIRED,
    *,
    default_factory: Callable[..., Any] | None = None,
    alias: str | None = None,
    description: str = "",
    repr: bool = True,
    gt: float | None = None,
    ge: float | None = None,
    le: float | None = None,
    allow_inf_nan: bool = True,
    pattern: str | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
) -> Any:
    """Declare a setting, or bounds in an ``Annotated``.

    Args:
        default: Not checked.
        default_factory: Makes it, without arguments or from the settings before this one.
        alias: Name of the variable.
        description: For the documentation.
        repr: Whether a text of the settings shows it.
        gt: It is greater; so are ``ge`` greater or equal, ``le`` less or equal.
        ge: See ``gt``.
        le: See ``gt``.
        allow_inf_nan: A number may be infinite, or none.
        pattern: Regular expression that is found in a text.
        min_length: Of a text, characters.
        max_length: Of a text, characters.
    """
    return FieldInfo(
        default,
        default_factory,
        alias,
        description,
        repr,
        gt,
        ge,
        le,
        allow_inf_nan,
        pattern,
        min_length,
        max_length,
    )


def model_validator(*, mode: str) -> Callable[[T], T]:
    """Let a method check the settings as a whole, once each of them is valid.

    Args:
        mode: ``after``. The method raises ``ValueError`` with a whole line, or returns its object.

    Raises:
        ValueError: Another mode.
    """
    if mode != "after":
        raise ValueError(f"model_validator(mode={mode!r}): should be after")

    def mark(method: T) -> T:
        method.checks_settings = True  # type: ignore[attr-defined]
        return method

    return mark


class SecretStr:
    """A text that no ``repr`` and no message shows.

    Args:
        secret: The text.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def get_secret_value(self) -> str:
        """Return the text."""
        return self._secret

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and other._secret == self._secret

    def __hash__(self) -> int:
        return hash(self._secret)

    def __str__(self) -> str:
        return MASK if self._secret else ""

    def __repr__(self) -> str:
        return f"SecretStr({str(self)!r})"


def split_annotation(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type without what is annotated, and that in its order."""
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        return kind, tuple(metadata)
    return annotation, ()
