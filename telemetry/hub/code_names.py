"""Names of code: ``module:function``, and whether it is the application's own.

Own is what is neither in the standard library, nor installed (``site-packages``), nor compiled from
text, nor a part of this layer. An application that is installed itself names its packages in
``TELEMETRY_OWN_CODE``; then those alone are its own.
"""

import os
import site
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from opcode import opmap
from pathlib import Path
from types import CodeType, FrameType
from typing import Final, NamedTuple

from telemetry.names import UNKNOWN_CODE

MOST_CODES: Final = 4096
MOST_LABEL_LENGTH: Final = 120

_HOSTING: Final = ("gevent", "greenlet", "gunicorn", "threading", "telemetry")
"""Packages that run the code of others."""
_FAULTS: Final = "telemetry.faults."
"""Pressed for a drill, it stands for the application's own mistakes."""
_RESUME: Final = bytes((opmap["RESUME"], 0))
_INSTALLED: Final = ("/site-packages/", "/dist-packages/")


@dataclass(frozen=True, slots=True)
class CodeName:
    """One function.

    Args:
        code: Kept, so that its identity stays its own.
        label: ``module:function``, of bounded length.
        own: Whether it is the application's.
        hosting: Whether it only runs the code of others.
        begins_at: Offset of the instruction at which it begins to run.
    """

    code: CodeType
    label: str
    own: bool
    hosting: bool
    begins_at: int


class Place(NamedTuple):
    """A function, and how far it has come; a tuple, for there are thousands a second.

    Args:
        name: Of the function.
        offset: Of its last instruction.
    """

    name: CodeName
    offset: int

    @property
    def has_run(self) -> bool:
        """False for a function that has just been called.

        Where another thread gets the interpreter at that instant, the time before was its caller's.
        """
        return self.offset > self.name.begins_at

    @property
    def line(self) -> int:
        """Line in its file; found when it is shown, for that takes longer than all the rest."""
        for start, end, line in self.name.code.co_lines():
            if start <= self.offset < end and line is not None:
                return line
        return self.name.code.co_firstlineno

    def __str__(self) -> str:
        code = self.name.code
        return f"{code.co_filename}:{self.line} {code.co_qualname}"


_new: Final = tuple.__new__
"""Makes a named tuple in half the time that its own constructor takes."""

Frames = tuple[Place, ...]
"""A stack; innermost last."""


class CodeNames:
    """Names of code, each made once; bounded by starting again when it is full.

    Args:
        own: Packages and modules that are the application's, wherever they are installed; when
            empty, files decide.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = tuple(own)
        self._foreign = _foreign_folders()
        self._names: dict[int, CodeName] = {}

    def place(self, frame: FrameType) -> Place:
        """Return the function of a frame and how far it has come."""
        code = frame.f_code
        name = self._names.get(id(code))
        if name is None:
            if len(self._names) >= MOST_CODES:
                self._names = {}
            name = self._names[id(code)] = self._name(code, str(frame.f_globals.get("__name__")))
        return _new(Place, (name, frame.f_lasti))

    def _name(self, code: CodeType, module: str) -> CodeName:
        label = f"{module}:{code.co_qualname}"
        if len(label) > MOST_LABEL_LENGTH:
            label = label[: MOST_LABEL_LENGTH - 1] + "…"
        return CodeName(
            code,
            sys.intern(label.encode("utf-8", "replace").decode()),
            self._is_own(module, code.co_filename),
            module.partition(".")[0] in _HOSTING,
            code.co_code.find(_RESUME),
        )

    def _is_own(self, module: str, file: str) -> bool:
        if self._own:
            return any(module == own or module.startswith(f"{own}.") for own in self._own)
        file = file.replace("\\", "/")
        return module.startswith(_FAULTS) or not (
            file.startswith(("<", *self._foreign)) or any(part in file for part in _INSTALLED)
        )


def frames_that_ran(frames: Frames) -> Frames:
    """Return a stack without an innermost function that has just been called."""
    return frames[:-1] if len(frames) > 1 and not frames[-1].has_run else frames


def culprit_of(frames: Frames) -> str:
    """Return the label of the code that is responsible for a stack.

    The innermost own code; without any, the outermost call of a library that does more than to run
    code of others.
    """
    for place in reversed(frames):
        if place.name.own:
            return place.name.label
    for place in frames:
        if not place.name.hosting:
            return place.name.label
    return frames[-1].name.label if frames else UNKNOWN_CODE


def own_lines(frames: Frames, most: int) -> tuple[str, ...]:
    """Return the innermost own frames as ``file:line function``; all of them without any own."""
    own = [place for place in frames if place.name.own] or list(frames)
    return tuple(str(place) for place in own[-most:])


def _foreign_folders() -> tuple[str, ...]:
    # Not by ``sysconfig``: it keeps the thousand variables of the interpreter's build in memory.
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = {str(Path(os.__file__).parent), f"{sys.base_exec_prefix}/{sys.platlibdir}/{python}"}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    if sys.prefix != sys.base_prefix:  # a virtual environment holds nothing of the application's
        found.add(sys.prefix)
    found.add(str(Path(__file__).parents[1]))
    found |= {str(Path(path).resolve()) for path in found}
    return tuple(f"{path.rstrip('/')}/".replace("\\", "/") for path in sorted(found) if path)
