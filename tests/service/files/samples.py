"""Small files of each accepted type, and of types that are refused."""

import io
import zipfile

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20)
EXE = b"MZ\x90\x00\x03" + bytes(200)


def archive(*names: str, first: bytes = b"") -> bytes:
    """Return a ZIP archive with those entries."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as zipped:
        if first:
            zipped.writestr("mimetype", first)
        for name in names:
            zipped.writestr(name, "<x/>")
    return written.getvalue()


def office(folder: str) -> bytes:
    """Return a document of Microsoft Office."""
    return archive("[Content_Types].xml", "_rels/.rels", f"{folder}/document.xml")


OFFICE = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."

ACCEPTED = {
    "png": (PNG, "image/png"),
    "jpeg of a camera": (b"\xff\xd8\xff\xe1\x00\x10Exif\x00" + bytes(20), "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(20), "image/jpeg"),
    "gif": (b"GIF89a" + bytes(20), "image/gif"),
    "webp": (b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20), "image/webp"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(20), "image/heif"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\n", "application/pdf"),
    "text": ("Slept well. Ça va, 静か.\r\n\tmore".encode(), "text/plain"),
    "text with a mark": (b"\xef\xbb\xbfcalm", "text/plain"),
    "text that begins like a number": (b"BMI and other things", "text/plain"),
    "text with a heart": (b"<3 this day", "text/plain"),
    "json": (b'{"mood": 5}', "text/plain"),
    "text cut inside a character": (b"x" * 8191 + "é".encode() * 10, "text/plain"),
    "mp3 with tags": (b"ID3\x04\0\0" + bytes(40), "audio/mpeg"),
    "mp3": (b"\xff\xfb\x90\x64" + bytes(40), "audio/mpeg"),
    "m4a": (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(20), "audio/mp4"),
    "ogg": (b"OggS\0\x02" + bytes(22) + b"\x01\x13OpusHead", "audio/ogg"),
    "wav": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(20), "audio/wav"),
    "flac": (b"fLaC\0\0\0\x22" + bytes(30), "audio/flac"),
    "docx": (office("word"), f"{OFFICE}wordprocessingml.document"),
    "xlsx": (office("xl"), f"{OFFICE}spreadsheetml.sheet"),
    "pptx": (office("ppt"), f"{OFFICE}presentationml.presentation"),
    "odt": (archive("content.xml", first=f"{ODF}text".encode()), f"{ODF}text"),
    "ods": (archive("content.xml", first=f"{ODF}spreadsheet".encode()), f"{ODF}spreadsheet"),
    "odp": (archive("content.xml", first=f"{ODF}presentation".encode()), f"{ODF}presentation"),
}

REFUSED = {
    "exe": EXE,
    "elf": b"\x7fELF\x02\x01\x01" + bytes(50),
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "html after spaces": b"\xef\xbb\xbf \r\n<HTML >",
    "a script": b"<script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "xml": b"<?xml version='1.0'?><svg/>",
    "zip": archive("a.txt"),
    "zip that begins like a document": archive("word/document.xml"),
    "old office or an installer": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(50),
    "video": b"\0\0\0\x20ftypisom\0\0\0\0isomiso2" + bytes(20),
    "ogg video": b"OggS\0\x02" + bytes(22) + b"\x80theora",
    "text and then nothing of the kind": b"hello \x00\x01",
    "broken UTF-8": b"hello \xff\xfe there",
    "UTF-8 that ends too early": b"hello \xc3",
    "any bytes": bytes(range(256)),
}
