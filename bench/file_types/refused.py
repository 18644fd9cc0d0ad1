"""Files of other types, files that pretend to be of an accepted one, and broken ones."""

import io
import zipfile
from functools import cache

from bench.file_types.programs import (
    ODF,
    document,
    pdf,
    picture,
    recording,
    repacked,
    slides,
    sound,
    tagged,
    workbook,
)

PAGE = b"<!DOCTYPE html><script>alert(1)</script>"
PROGRAM = b"MZ\x90\x00\x03" + bytes(200)
DRAWING = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


def archive(*names: str, first: bytes = b"", content: str = "<x/>") -> bytes:
    """Return an archive with those entries."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as zipped:
        if first:
            zipped.writestr("mimetype", first)
        for name in names:
            zipped.writestr(name, content)
    return written.getvalue()


@cache
def refused() -> dict[str, bytes]:
    """Return the content of each file, by what it is."""
    return {**_programs(), **_markup(), **_media(), **_polyglots(), **_documents(), **_broken()}


def _programs() -> dict[str, bytes]:
    return {
        "exe": PROGRAM,
        "elf": b"\x7fELF\x02\x01\x01" + bytes(50),
        "class of Java": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(50),
        "old office or an installer": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
        "gzip": b"\x1f\x8b\x08" + bytes(50),
        "database": b"SQLite format 3\0" + bytes(100),
    }


def _markup() -> dict[str, bytes]:
    return {
        "html": PAGE,
        "html after spaces": b"\xef\xbb\xbf \r\n<HTML >",
        "html in UTF-16": PAGE.decode().encode("utf-16"),
        "html in UTF-16, big-endian": b"\xfe\xff" + PAGE.decode().encode("utf-16-be"),
        "a comment": b"<!-- --><script>alert(1)</script>",
        "a script": b"<script>alert(1)</script>",
        "svg": DRAWING,
        "svg with a prefix": b"<s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
        "svg in UTF-16": DRAWING.decode().encode("utf-16"),
        "xml": b"<?xml version='1.0'?><svg/>",
        "html that names pdf": b"<html>%PDF-1.4 1 0 obj startxref %%EOF",
    }


def _media() -> dict[str, bytes]:
    return {
        "video": recording("video.mp4"),
        "video that calls itself audio": recording("video.mp4").replace(b"isom", b"mp42"),
        "film of QuickTime": recording("mov.mov"),
        "ogg video": recording("theora.ogv"),
        "avif": recording("avif.avif"),
        "avif, brand mif1": recording("avif.avif").replace(b"ftypavif", b"ftypmif1"),
        "aac without a container": recording("adts.aac"),
        "amr": recording("voice.amr"),
        "bitmap": picture("BMP"),
        "tiff": picture("TIFF"),
        "icon": picture("ICO"),
        "riff of something else": b"RIFF\x24\0\0\0AVI LIST" + bytes(40),
        "brand only": recording("m4a.m4a")[:28] + bytes(300),
    }


def _polyglots() -> dict[str, bytes]:
    zipped, jar = archive("a.txt"), archive("META-INF/MANIFEST.MF", "A.class")
    return {
        "png with a zip behind": picture("PNG") + zipped,
        "gif with a jar behind": picture("GIF", "P") + jar,
        "jpeg with a jar behind": picture("JPEG") + jar,
        "pdf with a zip behind": pdf() + zipped,
        "wav with a zip behind": sound() + zipped,
        "mp3 with a zip behind": recording("mpeg1.mp3") + b"TAG" + zipped,
        "m4a with a zip behind": recording("m4a.m4a") + zipped,
        "docx with a program before": PROGRAM + document(),
        "gif that is a script": b"GIF89a=1;alert(1)//" + bytes(40),
        "gif that is a page": b"GIF89a" + PAGE,
        "gif signature only": b"GIF89a" + bytes(20),
        "jpeg that is a page": b"\xff\xd8\xff" + PAGE,
        "png that is a page": b"\x89PNG\r\n\x1a\n" + PAGE,
        "webp that is a page": b"RIFF\x24\0\0\0WEBP" + PAGE,
        "pdf marker and a page": b"%PDF-1.4\n" + PAGE,
        "pdf marker and text": b"%PDF-1.4\nSlept well.",
        "page before a pdf": b"<html>" + pdf(),
        "program before a pdf": PROGRAM + pdf(),
        "mp3 tag and a page": tagged(3, PAGE),
        "mp3 tag and a program": tagged(3, PROGRAM),
        "mp3 signature only": b"\xff\xfb\x90\x64" + bytes(4000),
        "text and then a program": b"calm " * 4000 + PROGRAM,
    }


def _documents() -> dict[str, bytes]:
    types = "[Content_Types].xml"
    macro = (("word/vbaProject.bin", b"macro"),)
    odf = f"{ODF}text".encode()
    with zipfile.ZipFile(io.BytesIO(document())) as given:
        listed = given.read(types)
    docm = listed.replace(
        b"vnd.openxmlformats-officedocument.wordprocessingml.document.main",
        b"vnd.ms-word.document.macroEnabled.main",
    )
    return {
        "zip": archive("a.txt"),
        "jar": archive("META-INF/MANIFEST.MF", "A.class"),
        "empty zip": archive(),
        "zip that begins like a document": archive("word/document.xml"),
        "zip with the names of a document": archive(types, "_rels/.rels", "word/document.xml"),
        "epub": archive("META-INF/container.xml", first=b"application/epub+zip"),
        "drawing of odf": archive(
            "content.xml", "META-INF/manifest.xml", first=f"{ODF}graphics".encode()
        ),
        "odt without content": archive("a.txt", first=odf),
        "docx with macros": repacked(document(), first=macro),
        "docx with macros in capitals": repacked(
            document(), first=(("word/VBAPROJECT.BIN", b"m"),)
        ),
        "xlsx with old macros": repacked(workbook(3), first=(("xl/macrosheets/sheet1.xml", b"m"),)),
        "pptx with macros": repacked(slides(), first=(("ppt/vbaProject.bin", b"m"),)),
        "docm renamed": repacked(document(), replaced={types: docm}),
        "docx of two kinds of types": repacked(document(), first=((types.lower(), b"<x/>"),)),
    }


def _broken() -> dict[str, bytes]:
    book = workbook(2000)
    return {
        "docx, cut": document()[:-100],
        "xlsx, cut in the middle": book[: len(book) // 2],
        "xlsx, the end lost": book[:-22],
        "zip of zeros": b"PK\x03\x04" + bytes(500),
        "pdf, cut": pdf()[: len(pdf()) // 3],
        "m4a, cut": recording("mp42.m4a")[:400],
        "odt, cut": recording("text.odt")[:800],
        "text with control characters": b"hello \x00\x01",
        "text that ends with NUL": b"x" * 20_000 + b"\0",
        "Latin-1": "Schlecht geschlafen, müde.".encode("latin-1"),
        "Latin-1 after much ASCII": b"x" * 20_000 + b"\xfc",
        "broken UTF-8": b"hello \xff\xfe there",
        "overlong UTF-8": b"hello \xc0\xae there",
        "surrogates in UTF-8": b"hello \xed\xa0\x80",
        "UTF-8 that ends too early": b"hello \xc3",
        "UTF-16 without a mark": "Slept well.".encode("utf-16-le"),
        "UTF-16 of an odd length": "Slept well.".encode("utf-16") + b"x",
        "UTF-16 with half a pair": b"\xff\xfe" + b"a\0" + b"\x3d\xd8" + b"b\0",
        "UTF-32": "Slept well.".encode("utf-32"),
        "UTF-16 with NULs": "Slept\0well".encode("utf-16"),
        "any bytes": bytes(range(256)),
        "zeros": bytes(3000),
    }
