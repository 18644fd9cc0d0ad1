"""Names of files: cleaned, read from headers and forms, and encoded for a download."""

import pytest
from werkzeug.http import parse_options_header

from service.files.multipart import file_part
from service.files.names import as_attachment, clean_name, name_from_form, name_from_header

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("diary.pdf", "diary.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\diary.pdf", "diary.pdf"),
        ("\\\\server\\share\\diary.pdf", "diary.pdf"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ('be "calm".txt', "be _calm_.txt"),
        ("diary.txt:stream", "diary.txt_stream"),
        ("calm\u202efdp.exe", "calm fdp.exe"),
        ("calm\u2067fdp\u2069.exe", "calm fdp .exe"),
        ("\u200fמסמך\u200e (1).pdf", "מסמך (1).pdf"),
        ("  .hidden. ", "hidden"),
        ("diary.pdf. . .", "diary.pdf"),
        ("静か 日記.pdf", "静か 日記.pdf"),
        ("静か　日記.pdf", "静か 日記.pdf"),
        ("no\xa0break.pdf", "no break.pdf"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("ශ\u0dca\u200dරී.txt", "ශ\u0dca\u200dරී.txt"),
        (f"{FAMILY}.png", f"{FAMILY}.png"),
        ("\u2764\ufe0f \U0001fae9.png", "\u2764\ufe0f \U0001fae9.png"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("\u1112\u1161\u11ab.txt", "한.txt"),
        ("\ud800.txt", "txt"),
        ("a\ufdd0\uffffb.txt", "a b.txt"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("CON", "CON_"),
        ("con.txt", "con_.txt"),
        ("Lpt9.tar.gz", "Lpt9_.tar.gz"),
        ("COM\xb9.txt", "COM\xb9_.txt"),
        ("conin$", "conin$_"),
        ("nul .txt", "nul_ .txt"),
        ("console.txt", "console.txt"),
        ("icon", "icon"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("é" * 300, "é" * 100),
        ("静" * 100 + ".docx", "静" * 65 + ".docx"),
        ("a" * 180 + FAMILY + ".txt", "a" * 180 + ".txt"),
        ("a" * 195 + "n\u0323\u0302.txt", "a" * 195 + ".txt"),
        ("a" * 192 + "\U0001f1ef\U0001f1f5.x", "a" * 192 + ".x"),
        ("a." + "b" * 300, "a." + "b" * 198),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
        ("\u200d\u200c", "file"),
        ("\u3164", "file"),
    ],
)
def test_unsafe_parts_are_removed_from_a_name(name, clean):
    assert (clean_name(name), clean_name(clean)) == (clean, clean)


def raw(text, charset="utf-8"):
    """Return the bytes of a text as WSGI passes them."""
    return text.encode(charset).decode("latin-1")


HEADERS = [
    ('attachment; filename="diary.pdf"', "diary.pdf"),
    ("attachment; filename=diary.pdf", "diary.pdf"),
    ("attachment; filename=sleep diary.pdf; size=3", "sleep diary.pdf"),
    ('ATTACHMENT; FileName = "diary.pdf" ; x=1', "diary.pdf"),
    ('inline; filename="diary.pdf"', "diary.pdf"),
    ('filename="diary.pdf"', "diary.pdf"),
    # filename* wins, in any order.
    ("attachment; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf", "静か.pdf"),
    ("attachment; filename=\"quiet.pdf\"; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf", "静か.pdf"),
    ("attachment; filename*=UTF-8''caf%C3%A9.txt; filename=\"cafe.txt\"", "café.txt"),
    ("attachment; FILENAME*=utf-8'en'caf%c3%a9.txt", "café.txt"),
    ("attachment; filename*=\"UTF-8''caf%C3%A9.txt\"", "café.txt"),
    ("attachment; filename*=UTF-8''it's%20(mine)!*.txt", "it's (mine)!_.txt"),
    # Decoded once.
    ("attachment; filename*=UTF-8''%C3%83%C2%A9.txt", "Ã©.txt"),
    ("attachment; filename*=UTF-8''100%2525.txt", "100%25.txt"),
    ('attachment; filename="caf%C3%A9.txt"', "caf%C3%A9.txt"),
    ('attachment; filename="a%22b.txt"', "a%22b.txt"),
    # Charsets.
    ("attachment; filename*=iso-8859-1''caf%E9.txt", "café.txt"),
    ("attachment; filename*=ISO-8859-1''%A3.txt", "£.txt"),
    ("attachment; filename*=us-ascii''cafe.txt", "cafe.txt"),
    ("attachment; filename*=utf-7''a.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=windows-1252''%80.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=''a.txt; filename=b.txt", "b.txt"),
    # Values that cannot be decoded are as if they were absent.
    ("attachment; filename*=iso-8859-1''%E9%G9.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''caf%E9.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''%C0%AE%C0%AE.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''%ED%A0%80.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''a%; filename=b.txt", "b.txt"),
    ("attachment; filename*=a.txt; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''; filename=b.txt", "b.txt"),
    ("attachment; filename*=UTF-8''caf%E9.txt", "file"),
    (raw("attachment; filename*=UTF-8''café.txt; filename=b.txt"), "b.txt"),
    # The first of several counts.
    ('attachment; filename="a.txt"; filename="b.txt"', "a.txt"),
    ("attachment; filename*=UTF-8''a.txt; filename*=UTF-8''b.txt", "a.txt"),
    # Quoted pairs, and what is inside quotes.
    ('attachment; filename="a\\"b.pdf"', "a_b.pdf"),
    ('attachment; filename="a\\\\b.pdf"', "b.pdf"),
    ('attachment; filename="C:\\Users\\ada\\diary.pdf"', "diary.pdf"),
    ('attachment; filename="a;b=c.pdf"; size=1', "a;b=c.pdf"),
    ('attachment; x="filename=b.pdf; "; filename=a.pdf', "a.pdf"),
    ('attachment; filename="unfinished.pdf', "unfinished.pdf"),
    # Continuations.
    ("attachment; filename*0*=UTF-8''caf%C3; filename*1*=%A9; filename*2=.txt", "café.txt"),
    ('attachment; filename*1="b.txt"; filename*0="a "', "a b.txt"),
    ("attachment; filename*0=a%20b; filename*1=.txt", "a%20b.txt"),
    ("attachment; filename*1=b.txt; filename=c.txt", "c.txt"),
    ("attachment; filename*0=a.txt; filename*=UTF-8''b.txt", "b.txt"),
    # Bytes that are not encoded.
    (f'attachment; filename="{raw("静か.pdf")}"', "静か.pdf"),
    (f'attachment; filename="{raw("é.pdf", "latin-1")}"', "é.pdf"),
    # Folders and names with a meaning.
    ("attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
    ("attachment; filename*=UTF-8''a%00%0D%0Ab.txt", "a b.txt"),
    ("attachment; filename=aux.txt", "aux_.txt"),
    ("attachment", "file"),
    ("", "file"),
    ('"";;;=', "file"),
    ("; ;=; filename", "file"),
    ("attachment; filename", "file"),
    ('attachment; filename=""', "file"),
    ("attachment; name=a.txt; xfilename=b.txt", "file"),
]


@pytest.mark.parametrize(("header", "name"), HEADERS)
def test_name_is_read_from_content_disposition(header, name):
    assert name_from_header(header) == name


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        (b'filename="diary.pdf"', "diary.pdf"),
        ('filename="静か.pdf"'.encode(), "静か.pdf"),
        ('filename="é.pdf"'.encode("latin-1"), "é.pdf"),
        ('filename="Ã©.txt"'.encode(), "Ã©.txt"),
        (b'filename="a%22b%0D%0A.txt"', "a_b .txt"),
        (b'filename="100%25.txt"', "100%25.txt"),
        (b'filename="C:\\Users\\ada\\diary.pdf"', "diary.pdf"),
        (b'filename="a\\"b.txt"', "a_b.txt"),
        (b"filename*=UTF-8''caf%C3%A9.txt; filename=\"cafe.txt\"", "café.txt"),
        (b"filename*=utf-8''%C3%83%C2%A9.txt", "Ã©.txt"),
        (b"filename*=utf-8''caf%E9.txt; filename=b.txt", "b.txt"),
        (b"filename*0=a; filename*1=.txt", "a.txt"),
        (b'filename=""', "file"),
    ],
)
def test_name_is_read_from_a_part_of_a_form(parameters, name):
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; %s\r\n\r\ncalm\r\n--x--\r\n'
        % parameters
    )
    pieces = iter([form])
    found, content = file_part(lambda _: next(pieces, b""), "x")
    assert (found, b"".join(content)) == (name, b"calm")


def test_hostile_headers_are_read_in_linear_time():
    for hostile in ('";', "a=", '\\"', " ;", "filename*=", 'filename="\\', "a a"):
        assert name_from_form(f"form-data; {hostile * 60_000}") != ""


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("diary.pdf", 'attachment; filename="diary.pdf"'),
        ("été 1.pdf", "attachment; filename=\"ete 1.pdf\"; filename*=UTF-8''%C3%A9t%C3%A9%201.pdf"),
        (
            "静か.pdf",
            "attachment; filename=\"file.pdf\"; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf",
        ),
        ("静か", "attachment; filename=\"file\"; filename*=UTF-8''%E9%9D%99%E3%81%8B"),
        ("a.静", "attachment; filename=\"a\"; filename*=UTF-8''a.%E9%9D%99"),
        ("100%25.txt", "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt"),
        ("it's (1).txt", 'attachment; filename="it\'s (1).txt"'),
        (
            "é's (1)!.txt",
            "attachment; filename=\"e's (1)!.txt\"; filename*=UTF-8''%C3%A9%27s%20%281%29!.txt",
        ),
        (
            "ａ／ｂ＂.txt",
            'attachment; filename="a_b_.txt"; '
            "filename*=UTF-8''%EF%BD%81%EF%BC%8F%EF%BD%82%EF%BC%82.txt",
        ),
        (
            "ｃｏｎ.txt",
            "attachment; filename=\"con_.txt\"; filename*=UTF-8''%EF%BD%83%EF%BD%8F%EF%BD%8E.txt",
        ),
    ],
)
def test_download_name_is_encoded_for_old_and_new_clients(name, header):
    assert as_attachment(name) == header
    assert header.isascii()
    assert name_from_header(header) == name
    assert parse_options_header(header)[0] == "attachment"
