"""Lists the words that this repository replaced with standard terms, wherever they occur.

Run ``python -m tests.architecture.words [FOLDER...]`` for one line per occurrence and the counts
per folder.
"""

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from tests.architecture.sources import PACKAGES, ROOT, tree

SUFFIXES: Final = (".py", ".go", ".md")
PLACES: Final = (*PACKAGES, "tests", "docs", "README.md", "CONTRIBUTING.md")

SPEECH: Final = (
    *("tell", "tells", "told", "telling"),
    *("say", "says", "said", "saying"),
    *("look", "looks", "looking", "looked"),
    *("somebody", "whoever"),
)
"""Wrong in prose and as a part of a name: "returns", "logs", "records", "reads", "a client"."""

PHRASES: Final = ("what there is", "nobody's business", "nobody else's business")

RENAMED: Final = {
    "AskedFor": "ExpectContinueBody",
    "Allowance": "QuotaReservations",
    "Answer": "ExportResult, ResponseSpec or ProbeResult",
    "Answers": "IdempotencyStore",
    "Arrivals": "RequestParser",
    "BeingChanged": "PostLocked",
    "Claim": "GreenletOwner",
    "Desk": "PostEditor",
    "Evidence": "HealthEvidence or ServerCheck",
    "Facts": "WriteOnceStore",
    "Finding": "ComponentHealth or HubBlock",
    "FirstContact": "ConnectionBootstrap",
    "Fleet": "ArbiterPatch",
    "Guesses": "LoginAttempts",
    "Head": "PanelSpec",
    "Manuscript": "EditablePost",
    "Mark": "ViewOption",
    "NotTheirs": "NotPostOwner",
    "Note": "OpenApiExtra",
    "Once": "IdempotentOperation",
    "Outgoing": "client_span",
    "Parts": "BookingContext",
    "Patience": "LockoutPolicy",
    "Paying": "record_result",
    "Superseded": "RevisionConflict",
    "Talks": "TurnFactory",
    "Ticket": "WorkerState",
    "Watched": "a name for what is observed",
    "Watching": "FlaskSignals",
    "alone": "standalone",
    "aside": "heartbeat",
    "bury": "on_worker_exit",
    "fate": "role",
    "guesses": "login_attempts",
    "heads": "boards",
    "instead": "on_limited",
    "kept_out": "redacted_values",
    "learn": "record_result",
    "leftover": "lingering_close",
    "patience": "lockout_policy",
    "record_of": "parse",
    "surplus": "unmatched_payment",
    "trust": "telemetry_health",
    "under_way": "open_waits",
    "waits": "phase_seconds",
    "watched": "instrumented_app",
    "with_silences": "with_keepalive",
    "write_down": "enqueue_task",
}
"""Names that have a new one. Many of them are good English in a sentence, so they count only as a
whole identifier, and in a text only between backticks."""


EXEMPTIONS: Final = {
    "tests/architecture/words.py": "the list itself",
    "tests/architecture/test_words.py": "examples of what is found",
}
"""Reasons why files may contain the words, by their paths. Data (JSON, prompts, demo posts) is not
scanned: only files with SUFFIXES are."""

TECHNICAL_TERMS: Final = re.compile(r"look-ups?|\.tell\(\)|mongo\.on_look", re.IGNORECASE)
"""Look-ups in an index or DNS; the position of a file object; a public label value."""

_SPEECH: Final = re.compile(
    rf"(?<![a-z])(?:{'|'.join((*SPEECH, *PHRASES))})(?![a-z])", re.IGNORECASE
)
_WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUOTED: Final = re.compile(r"`+([^`\n]+)`+")
_IDENTIFIER: Final = re.compile(r"\w+")


@dataclass(frozen=True, order=True)
class Occurrence:
    """One of the words at one place; the file as a path from the repository's root."""

    file: str
    line: int
    word: str

    def __str__(self) -> str:
        hint = f" (now: {RENAMED[self.word]})" if self.word in RENAMED else ""
        return f"{self.file}:{self.line} {self.word}{hint}"


def occurrences(*places: str, root: Path = ROOT) -> list[Occurrence]:
    """Return every occurrence in files that are not exempt.

    Args:
        places: Files and folders, from the root; ``PLACES`` by default.
        root: The repository.
    """
    return sorted(
        found
        for path in _files(places or PLACES, root)
        if (name := path.relative_to(root).as_posix()) not in EXEMPTIONS
        for found in _in_file(path, name)
    )


def _files(places: Sequence[str], root: Path) -> Iterator[Path]:
    for place in places:
        path = root / place
        candidates = [path] if path.is_file() else path.rglob("*")
        yield from (one for one in candidates if one.suffix in SUFFIXES and one.is_file())


def _in_file(path: Path, name: str) -> set[Occurrence]:
    text = path.read_text(encoding="utf-8")
    found = {
        Occurrence(name, number, word)
        for number, line in enumerate(text.splitlines(), 1)
        for word in (*_speech(line), *_quoted_names(line))
    }
    if path.suffix == ".py":
        found |= {
            Occurrence(name, number, word) for number, word in _names(tree(path)) if word in RENAMED
        }
    return found


def _speech(line: str) -> Iterator[str]:
    words = _WORD_START.sub(" ", TECHNICAL_TERMS.sub("", line))
    return (match.group().lower() for match in _SPEECH.finditer(words))


def _quoted_names(line: str) -> Iterator[str]:
    return (
        word
        for quoted in _QUOTED.findall(line)
        for word in _IDENTIFIER.findall(quoted)
        if word in RENAMED
    )


def _names(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Every identifier of a module with its line."""
    for node in ast.walk(module):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield node.lineno, name
            case ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.alias(name=name, asname=other):
                yield from ((node.lineno, part) for part in [*name.split("."), other or ""])
            case ast.ImportFrom(module=str(name)):
                yield from ((node.lineno, part) for part in name.split("."))


def main() -> int:
    """Print the occurrences and their counts.

    Returns:
        Exit code: 1 when there is one.
    """
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("places", nargs="*", metavar="FOLDER", help="file or folder; all of them")
    parser.add_argument("--most", type=int, default=200, help="lines to print; default: 200")
    arguments = parser.parse_args()
    found = occurrences(*arguments.places)
    for occurrence in islice(found, arguments.most):
        print(occurrence)
    if len(found) > arguments.most:
        print(f"... {len(found) - arguments.most} more (--most {len(found)})")
    for folder, count in sorted(Counter(_folder(one) for one in found).items()):
        print(f"{count:5} {folder}")
    return 1 if found else 0


def _folder(found: Occurrence) -> str:
    """The first two parts of the path, without the file's name."""
    return "/".join(Path(found.file).parts[:-1][:2]) or found.file


if __name__ == "__main__":
    raise SystemExit(main())
