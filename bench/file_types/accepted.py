"""Files of every accepted type, as common programs write them."""

from functools import cache

from PIL import Image

from bench.file_types.programs import (
    DOCX,
    ODF,
    PPTX,
    XLSX,
    Stream,
    animated,
    branded,
    document,
    noise,
    pdf,
    picture,
    recording,
    repacked,
    slides,
    sound,
    streamed_workbook,
    tagged,
    workbook,
)


@cache
def accepted() -> dict[str, tuple[bytes, str]]:
    """Return content and media type of each file, by what it is."""
    return {**_pictures(), **_papers(), **_texts(), **_audio(), **_documents()}


def _pictures() -> dict[str, tuple[bytes, str]]:
    heic, exif = recording("heic.heic"), Image.Exif()
    exif[0x0110] = "Camera"
    jpegs = {
        "jpeg": picture("JPEG"),
        "jpeg, progressive": picture("JPEG", progressive=True),
        "jpeg of a camera": picture("JPEG", exif=exif),
        "jpeg for print": picture("JPEG", "CMYK"),
        "jpeg, grey": picture("JPEG", "L"),
        "jpeg with a film behind": picture("JPEG") + recording("video.mp4"),
        "jpeg without a header of JFIF": b"\xff\xd8" + picture("JPEG")[20:],
    }
    heifs = {
        "heic": heic,
        "heic, brand mif1": branded(heic, b"mif1"),
        "heic, brand msf1": branded(heic, b"msf1"),
        "heic, brand heix": branded(heic, b"heix"),
        "heic, brand hevc": branded(heic, b"hevc"),
    }
    found = {
        "png": (picture("PNG"), "image/png"),
        "png with a palette": (picture("PNG", "P"), "image/png"),
        "png, animated": (animated("PNG"), "image/png"),
        "gif": (picture("GIF", "P"), "image/gif"),
        "gif, animated": (animated("GIF"), "image/gif"),
        "webp": (picture("WEBP"), "image/webp"),
        "webp, lossless": (picture("WEBP", lossless=True), "image/webp"),
        "webp, animated": (animated("WEBP"), "image/webp"),
    }
    return (
        found
        | {name: (content, "image/jpeg") for name, content in jpegs.items()}
        | {name: (content, "image/heif") for name, content in heifs.items()}
    )


def _papers() -> dict[str, tuple[bytes, str]]:
    page = pdf()
    papers = {
        "pdf": page,
        "pdf of Pillow": picture("PDF"),
        "pdf after a mark of order": b"\xef\xbb\xbf" + page,
        "pdf after LF": b"\n" + page,
        "pdf after CRLF": b"\r\n" + page,
        "pdf after spaces and NULs": b"  \0\0\t" + page,
        "pdf after bytes of a printer": b"\x1b%-12345X@PJL JOB\r\n" + page,
        "pdf after a thousand bytes": bytes(1000) + page,
        "pdf with bytes behind": page + bytes(3000),
    }
    return {name: (content, "application/pdf") for name, content in papers.items()}


def _texts() -> dict[str, tuple[bytes, str]]:
    words = "Slept well. Ça va, 静か.\r\n\tmore"
    texts = {
        "text": words.encode(),
        "text with a mark": b"\xef\xbb\xbf" + words.encode(),
        "text in UTF-16": words.encode("utf-16"),
        "text in UTF-16, big-endian": b"\xfe\xff" + words.encode("utf-16-be"),
        "text with astral characters in UTF-16": ("\U0001f642" * 9000).encode("utf-16"),
        "text that begins like a number": b"BMI and other things",
        "text that begins like a tag": b"ID3 tags, and what to do with them",
        "text with a heart": b"<3 this day",
        "text with an escape": b"\x1b[1mcalm\x1b[0m",
        "text about pdf": b"The marker %PDF-1.4 is at the beginning of 1 0 obj.",
        "json": b'{"mood": 5}',
        "csv": b"day;hours\r\n1;7,5\r\n",
        "markdown": b"# Sleep\n\n<b>bold</b> and *more*",
        "text cut inside a character": b"x" * 8191 + "é".encode() * 10,
        "one byte": b"a",
    }
    return {name: (content, "text/plain") for name, content in texts.items()}


def _audio() -> dict[str, tuple[bytes, str]]:
    frames, m4a = recording("mpeg1.mp3"), recording("m4a.m4a")
    mpeg = {
        "mp3, MPEG 1 (FF FB)": frames,
        "mp3, MPEG 1 with checksums (FF FA)": frames.replace(b"\xff\xfb", b"\xff\xfa"),
        "mp3, MPEG 2 (FF F3)": recording("mpeg2.mp3"),
        "mp3, MPEG 2 with checksums (FF F2)": recording("mpeg2.mp3").replace(
            b"\xff\xf3", b"\xff\xf2"
        ),
        "mp3, MPEG 2.5 (FF E3)": recording("mpeg25.mp3"),
        "mp2, layer II": recording("layer2.mp2"),
        "mp3, ID3v2.2": tagged(2, frames),
        "mp3, ID3v2.3 with TYER first": tagged(3, frames),
        "mp3, ID3v2.4": recording("id3v24.mp3"),
        "mp3, ID3v2.4 with a footer": tagged(4, frames, flags=0x10, after=b"3DI" + bytes(7)),
        "mp3, two tags": tagged(3, tagged(4, frames)),
        "mp3, zeros after the tag": tagged(3, frames, after=bytes(3000)),
        "mp3 with a cover in the tag": b"ID3\x03\0\0\0\x06\x1a\0" + bytes(101632) + frames,
        "mp3 with an old tag behind": frames + b"TAG" + bytes(125),
    }
    mp4 = {
        "m4a": m4a,
        "m4a, minor version 0": branded(m4a, b"M4A "),
        "m4b": branded(m4a, b"M4B ", 0x200),
        "m4a, mp42": recording("mp42.m4a"),
        "m4a, isom": recording("isom.mp4"),
        "m4a, fragmented": recording("frag.m4a"),
        "3gp, audio": recording("voice.3gp"),
        "m4a, the tracks at the end": _tracks_last(recording("mp42.m4a")),
    }
    ogg = {
        "ogg, vorbis": recording("vorbis.ogg"),
        "ogg, opus": recording("opus.opus"),
        "ogg, flac": recording("flac.oga"),
    }
    found = {
        "wav": (sound(), "audio/wav"),
        "wav of 64 bits": (b"RF64" + sound()[4:], "audio/wav"),
        "wav, broadcast": (sound()[:12] + b"bext\4\0\0\0abcd" + sound()[12:], "audio/wav"),
        "flac": (recording("flac.flac"), "audio/flac"),
        "flac after a tag": (tagged(4, recording("flac.flac")), "audio/flac"),
    }
    return (
        found
        | {name: (content, "audio/mpeg") for name, content in mpeg.items()}
        | {name: (content, "audio/mp4") for name, content in mp4.items()}
        | {name: (content, "audio/ogg") for name, content in ogg.items()}
    )


def _tracks_last(content: bytes) -> bytes:
    free = (300_000).to_bytes(4) + b"free" + bytes(299_992)
    at = int.from_bytes(content[:4])
    return content[:at] + free + content[at:]


def _documents() -> dict[str, tuple[bytes, str]]:
    types = "[Content_Types].xml"
    big = ("word/media/image1.png", noise(300_000))
    return {
        "docx": (document(), DOCX),
        "docx, a large part first": (repacked(document(), first=(big,), last=types), DOCX),
        "docx, streamed": (repacked(document(), target=Stream()), DOCX),
        "docx, of 64 bits": (repacked(document(), force_zip64=True), DOCX),
        "docx with a comment": (document()[:-2] + b"\x04\0calm", DOCX),
        "xlsx": (workbook(3), XLSX),
        "xlsx of 2,000 rows": (workbook(2000), XLSX),
        "xlsx of XlsxWriter": (streamed_workbook(), XLSX),
        "xlsx, the types first": (repacked(workbook(3), last="xl/workbook.xml"), XLSX),
        "pptx": (slides(), PPTX),
        "pptx, the types last": (repacked(slides(), last=types), PPTX),
        "odt": (recording("text.odt"), f"{ODF}text"),
        "ods": (recording("sheet.ods"), f"{ODF}spreadsheet"),
        "odp": (recording("slides.odp"), f"{ODF}presentation"),
    }
