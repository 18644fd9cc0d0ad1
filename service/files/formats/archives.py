"""Documents that are ZIP archives, by the archive's own directory, which is at its end.

Where a part is in the archive does not matter: programs write ``[Content_Types].xml`` first, last
or between. Documents with macros have types of their own (``.docm``), which are not accepted.

Source: APPNOTE.TXT 6.3 (ZIP); ECMA-376 part 2 (packages), 10.1.2 (content types); ODF 1.3 part 2,
3.3.
"""

import re
import struct
import zipfile
import zlib
from typing import Final

from service.files.formats.content import Content, ContentReader, tail

MOST_ENTRIES: Final = 10_000
MOST_DIRECTORY_BYTES: Final = 1024**2
MOST_TYPES_BYTES: Final = 1024**2
"""Of the part that lists the content types, unpacked."""

SIGNATURE: Final = b"PK\x03\x04"
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_LONGEST_COMMENT: Final = 0xFFFF
_END_64: Final = b"PK\x06\x06"
_LOCATOR_64: Final = b"PK\x06\x07"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
# Of the main part: folder and content type.
_MAIN: Final = {
    "word/": "wordprocessingml.document",
    "xl/": "spreadsheetml.sheet",
    "ppt/": "presentationml.presentation",
}
_ODF: Final = {
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
}
DOCUMENT_TYPES: Final = frozenset(_ODF | {f"{_OFFICE}{kind}" for kind in _MAIN.values()})
_ODF_TYPE: Final = "mimetype"
_MOST_ODF_TYPE_BYTES: Final = 100
_MACROS: Final = re.compile(r"(?:.*/)?vbaproject\.bin|(?:.*/)?macrosheets/.*", re.IGNORECASE)


def document_type(content: Content) -> str:
    """Return the media type of a document, or ``""`` for any other archive."""
    if not _has_small_directory(content):
        return ""
    try:
        with zipfile.ZipFile(ContentReader(content)) as archive:
            return _document_type(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return ""  # no archive, or one that no office program writes
    except (zlib.error, struct.error, KeyError):
        return ""


def ends_as_archive(content: Content) -> bool:
    """Return whether a file of another format has an archive behind it."""
    found = _end_of(content)
    if found is None:
        return False
    end, comment = found
    directory_bytes, at = _directory_bytes(end), content.size_bytes - len(comment) - len(end)
    begin = at - directory_bytes
    return directory_bytes == 0 or (begin >= 0 and content.read_at(begin, 4) == b"PK\x01\x02")


def _document_type(archive: zipfile.ZipFile) -> str:
    names = [entry.filename for entry in archive.infolist()]
    by_lower = {name.lower(): name for name in names}
    if len(by_lower) != len(names):
        return ""  # readers would not agree about which one counts
    if _ODF_TYPE in names:
        found = archive.open(_ODF_TYPE).read(_MOST_ODF_TYPE_BYTES).decode("latin-1").strip()
        parts = {"META-INF/manifest.xml", "content.xml"}
        is_whole = parts <= set(names) or "encrypted-package" in names
        return found if found in _ODF and is_whole else ""
    types = by_lower.get("[content_types].xml")
    if types is None or "_rels/.rels" not in by_lower or any(map(_MACROS.fullmatch, names)):
        return ""
    with archive.open(types) as part:
        listed = part.read(MOST_TYPES_BYTES).replace(b"\0", b"")  # the XML may be UTF-16
    for folder, kind in _MAIN.items():
        has_folder = any(name.startswith(folder) for name in by_lower)
        if has_folder and f"{_OFFICE}{kind}.main+xml".encode() in listed:
            return f"{_OFFICE}{kind}"
    return ""


def _end_of(content: Content) -> tuple[bytes, bytes] | None:
    """Return the record at the end of an archive and the comment after it."""
    last = tail(content, _END_BYTES + _LONGEST_COMMENT)
    at = last.rfind(_END)
    while at >= 0:
        end, comment = last[at : at + _END_BYTES], last[at + _END_BYTES :]
        if len(end) == _END_BYTES and int.from_bytes(end[20:22], "little") == len(comment):
            return end, comment
        at = last.rfind(_END, 0, at)
    return None


def _directory_bytes(end: bytes) -> int:
    return int.from_bytes(end[12:16], "little")


def _has_small_directory(content: Content) -> bool:
    # zipfile would read a directory of any size.
    found = _end_of(content)
    if found is None:
        return False
    end, comment = found
    entries, directory_bytes = int.from_bytes(end[10:12], "little"), _directory_bytes(end)
    at = content.size_bytes - len(comment) - _END_BYTES - 20 - 56
    before = content.read_at(at, 76) if at >= 0 else b""
    if before.startswith(_END_64) and before[56:60] == _LOCATOR_64:
        entries = int.from_bytes(before[32:40], "little")
        directory_bytes = int.from_bytes(before[40:48], "little")
    return entries <= MOST_ENTRIES and directory_bytes <= MOST_DIRECTORY_BYTES
