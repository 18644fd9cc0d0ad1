"""Compare the detection of file types with libraries made for it, on files as programs write them.

``python -m bench.file_types [--verbose]``: the libraries that are not installed are left out. Each
gets the first 8 KiB, as in an upload; ``whole`` gets the whole file, which an upload has on disk at
best. Figures are in docs/decisions/files.md.
"""

import argparse
import importlib
import time
from collections.abc import Callable
from typing import Any, Final

from bench.file_types.accepted import accepted
from bench.file_types.refused import refused
from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.files.formats.content import BytesContent
from service.files.type_detection import HEAD_BYTES, TypeDetection

Detect = Callable[[bytes], str]

# Other names for one type, so that a library is not wrong for a spelling.
_ALIASES: Final = {
    "image/heic": "image/heif",
    "image/heic-sequence": "image/heif",
    "image/heif-sequence": "image/heif",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/x-m4a": "audio/mp4",
    "audio/m4a": "audio/mp4",
    "audio/x-flac": "audio/flac",
    "application/ogg": "audio/ogg",
    "audio/x-ogg": "audio/ogg",
    "audio/opus": "audio/ogg",
    "audio/mp3": "audio/mpeg",
    "image/apng": "image/png",
    "image/vnd.mozilla.apng": "image/png",
}
_TEXTS: Final = ("text/", "application/json", "application/csv")


def service(content: bytes) -> str:
    """Detect as an upload does."""
    detection = TypeDetection(content[:HEAD_BYTES])
    if not detection.may_be(ACCEPTED_MEDIA_TYPES):
        return ""
    detection.feed(content)
    return detection.finish(BytesContent(content))


def _puremagic(library: Any) -> Detect:
    def detect(content: bytes) -> str:
        try:
            return str(library.from_string(content, mime=True))
        except (library.PureError, ValueError):
            return ""

    return detect


def _filetype(library: Any) -> Detect:
    return lambda content: str(library.guess_mime(content) or "")


def _magic(library: Any) -> Detect:
    return lambda content: str(library.from_buffer(content, mime=True))


def _magika(library: Any) -> Detect:
    model = library.Magika()
    return lambda content: str(model.identify_bytes(content).output.mime_type)


def _fleep(library: Any) -> Detect:
    return lambda content: next(iter(library.get(content).mime), "")


LIBRARIES: Final[dict[str, Callable[[Any], Detect]]] = {
    "puremagic": _puremagic,
    "filetype": _filetype,
    "magic": _magic,
    "magika": _magika,
    "fleep": _fleep,
}


def main() -> None:
    """Print a row for each library: how many files are right, and how long one takes."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.file_types")
    parser.add_argument("--verbose", action="store_true", help="name the files that are wrong")
    is_verbose = parser.parse_args().verbose
    print(f"{'detection':22}{'accepted':>12}{'refused':>12}{'µs a file':>12}")
    _print("service", service, whole=True, is_verbose=is_verbose)
    for name, adapter in LIBRARIES.items():
        try:
            detect = adapter(importlib.import_module(name))
        except ImportError:
            continue
        _print(name, detect, whole=False, is_verbose=is_verbose)
        _print(f"{name}, whole", detect, whole=True, is_verbose=is_verbose)


def _print(name: str, detect: Detect, *, whole: bool, is_verbose: bool) -> None:
    taken, left, begin = accepted(), refused(), time.perf_counter()
    size = None if whole else HEAD_BYTES
    wrong = [
        label for label, (content, kind) in taken.items() if _known(detect, content[:size]) != kind
    ]
    passed = [
        label
        for label, content in left.items()
        if _known(detect, content[:size]) in ACCEPTED_MEDIA_TYPES
    ]
    micros = (time.perf_counter() - begin) / (len(taken) + len(left)) * 1e6
    right = f"{len(taken) - len(wrong)}/{len(taken)}", f"{len(left) - len(passed)}/{len(left)}"
    print(f"{name:22}{right[0]:>12}{right[1]:>12}{micros:>12.0f}")
    if is_verbose:
        print(f"  not detected: {'; '.join(wrong)}\n  not refused: {'; '.join(passed)}")


def _known(detect: Detect, content: bytes) -> str:
    found = detect(content)
    if found.startswith(_TEXTS) and found not in ("text/html", "text/xml"):
        return "text/plain"
    return _ALIASES.get(found, found)


if __name__ == "__main__":
    main()
