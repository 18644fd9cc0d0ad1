"""What common programs write: pictures, documents, workbooks, slides, pages and sounds."""

import io
import random
import wave
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import docx
import openpyxl
import pptx
import xlsxwriter
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

RECORDINGS: Final = Path(__file__).with_name("recordings")
OFFICE: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = f"{OFFICE}wordprocessingml.document"
XLSX: Final = f"{OFFICE}spreadsheetml.sheet"
PPTX: Final = f"{OFFICE}presentationml.presentation"
ODF: Final = "application/vnd.oasis.opendocument."


def recording(name: str) -> bytes:
    """Return one of the recordings."""
    return (RECORDINGS / name).read_bytes()


def noise(size: int) -> bytes:
    """Return bytes that no compression makes smaller."""
    return random.Random(size).randbytes(size)


def saved(save: Callable[[io.BytesIO], Any]) -> bytes:
    """Return what a program saves."""
    written = io.BytesIO()
    save(written)
    return written.getvalue()


def picture(kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture that Pillow saves."""
    gradient = Image.linear_gradient("L").resize((32, 32)).convert(mode)
    return saved(lambda written: gradient.save(written, kind, **options))


def animated(kind: str) -> bytes:
    """Return an animation that Pillow saves."""
    frames = [Image.new("P", (16, 16), colour) for colour in (0, 90, 200)]
    return saved(
        lambda written: frames[0].save(
            written, kind, save_all=True, append_images=frames[1:], duration=100
        )
    )


@cache
def pdf() -> bytes:
    """Return a page of reportlab."""

    def save(written: io.BytesIO) -> None:
        canvas = Canvas(written, invariant=True)
        canvas.drawString(72, 720, "Slept well.")
        canvas.save()

    return saved(save)


@cache
def document() -> bytes:
    """Return a document of python-docx."""
    written = docx.Document()
    written.add_paragraph("Slept well.")
    return saved(written.save)


@cache
def workbook(rows: int) -> bytes:
    """Return a workbook of openpyxl, which writes the sheets first and the content types last."""
    written = openpyxl.Workbook()
    chosen = random.Random(rows)
    for row in range(rows):
        written.active.append([row, chosen.random(), f"night {chosen.random()}"])
    return saved(written.save)


@cache
def streamed_workbook() -> bytes:
    """Return a workbook of XlsxWriter."""

    def save(written: io.BytesIO) -> None:
        with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
            book.add_worksheet().write(0, 0, "night")

    return saved(save)


@cache
def slides() -> bytes:
    """Return slides of python-pptx."""
    written = pptx.Presentation()
    written.slides.add_slide(written.slide_layouts[6])
    return saved(written.save)


class Stream(io.RawIOBase):
    """A target without positions, such as a socket: archives have sizes after the entries."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        """Return true."""
        return True

    def write(self, data: Any) -> int:
        """Add bytes."""
        self.written += data
        return len(data)

    def getvalue(self) -> bytes:
        """Return what was written."""
        return bytes(self.written)


def repacked(
    content: bytes,
    *,
    first: tuple[tuple[str, bytes], ...] = (),
    last: str = "",
    replaced: Mapping[str, bytes] = MappingProxyType({}),
    target: Stream | None = None,
    **options: Any,
) -> bytes:
    """Return an archive with further entries before its own, and one entry moved to the end."""
    written: Any = io.BytesIO() if target is None else target
    with (
        zipfile.ZipFile(io.BytesIO(content)) as given,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as taken,
    ):
        entries = {**{name: given.read(name) for name in given.namelist()}, **replaced}
        moved = {last: entries.pop(last)} if last else {}
        for name, data in (*first, *entries.items(), *moved.items()):
            with taken.open(zipfile.ZipInfo(name), "w", **options) as entry:
                entry.write(data)
    return bytes(written.getvalue())


def sound() -> bytes:
    """Return a WAVE file."""

    def save(written: io.BytesIO) -> None:
        with wave.open(written, "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(800))

    return saved(save)


def tagged(version: int, frames: bytes, *, flags: int = 0, after: bytes = b"") -> bytes:
    """Return frames of MPEG behind an ID3 tag of a version."""
    frame = b"TYE\0\0\5\0" if version == 2 else b"TYER\0\0\0\5\0\0\0"
    body = frame + b"2026" + bytes(100)
    size = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3" + bytes((version, 0, flags)) + size + body + after + frames


def branded(content: bytes, brand: bytes, minor: int = 0) -> bytes:
    """Return a file of boxes with another brand of its own."""
    return content[:8] + brand + minor.to_bytes(4) + content[16:]
