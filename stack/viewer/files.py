"""Files that the page is made of: the bundle, the committed boards, the runbooks.

A name is resolved within a folder, so that no path leads out of it.
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TYPES: Final = {".js": "text/javascript", ".md": "text/markdown", ".woff2": "font/woff2"}
_TEXT: Final = ("text/", "application/json", "image/svg+xml")
_IMMUTABLE: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is sent."""

    body: bytes
    content_type: str
    cache_control: str

    @property
    def etag(self) -> str:
        """A strong validator of its bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def read(folder: Path, name: str, suffix: str = "") -> File | None:
    """Return a file of a folder or of a folder below; None when it has none of that name.

    Args:
        folder: to read from.
        name: relative path.
        suffix: that the name must have.
    """
    parts = name.split("/")
    if not name.endswith(suffix) or any(part in ("", ".", "..") for part in parts):
        return None
    path = folder.joinpath(*parts)
    if "\0" in name or not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        return None
    # Vite puts the hash of a file of assets/ into its name.
    return File(path.read_bytes(), _type(path), _IMMUTABLE if parts[0] == "assets" else "no-cache")


def _type(path: Path) -> str:
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind
