# ruff: noqa: RUF001  # odd characters are what these tests are about
"""Passwords of the world: the same one however it is typed, and old hashes of every form."""

import unicodedata

import pytest
from argon2 import PasswordHasher

from service.accounts.password_text import hashed_forms, prepared
from tests.service.accounts.test_passwords import passwords
from tests.service.members import AUTH, EMAIL, login, registration

SAME = {
    "French, composed": ("génie-calme", "ge\u0301nie-calme"),
    "German": ("Grüße-übermorgen", "Gru\u0308ße-u\u0308bermorgen"),
    "Angstrom sign": ("\u212bngström-1868", "\u00c5ngstro\u0308m-1868"),
    "Kelvin and ohm": ("\u212a-and-\u2126-units", "K-and-\u03a9-units"),
    "Hangul in jamo": (
        "한국어로된비밀번호쓰기",
        unicodedata.normalize("NFD", "한국어로된비밀번호쓰기"),
    ),
    "Vietnamese": ("mật-khẩu-của-tôi", unicodedata.normalize("NFD", "mật-khẩu-của-tôi")),
    "Vietnamese, half composed": ("mật-khẩu-của-tôi", "mâ\u0323t-khâ\u0309u-của-tôi"),
    "marks in another order": ("q\u0323\u0307-combining", "q\u0307\u0323-combining"),
    "Japanese with voice marks": (
        "パスワードがぎぐげご",
        unicodedata.normalize("NFD", "パスワードがぎぐげご"),
    ),
    "Devanagari nukta": ("\u0958\u0959-देवनागरी-लिपि", "क\u093cख\u093c-देवनागरी-लिपि"),
    "Hebrew with dagesh": ("\ufb31-שלום-עולם-רב", "ב\u05bc-שלום-עולם-רב"),
    "Greek with tonos": ("καλημέρα-κόσμε", unicodedata.normalize("NFD", "καλημέρα-κόσμε")),
    "no-break space": ("two words here", "two\u00a0words\u00a0here"),
    "ideographic space": ("林 花 と 海 と 山", "林\u3000花 と 海\u3000と 山"),
    "narrow and thin spaces": ("mille mots et un", "mille\u202fmots\u2009et un"),
    "odd space at the end": ("ends with space ", "ends with space\u2003"),
    "emoji with joiners": ("family 👩‍👩‍👧‍👦 here", "family 👩‍👩‍👧‍👦 here"),
}
OTHER = {
    "full width": ("password-123", "ｐａｓｓｗｏｒｄ-123"),
    "half-width katakana": ("パスワード-12345", "ﾊﾟｽﾜｰﾄﾞ-12345"),
    "ligature": ("office-hours", "o\ufb03ce-hours"),
    "superscript": ("squared-2-number", "squared-²-number"),
    "space at the end": ("a long password", "a long password "),
    "two spaces": ("a long password", "a  long password"),
    "case": ("A Long Password", "a long password"),
    "without the joiners": ("family 👩‍👩‍👧‍👦 here", "family 👩👩👧👦 here"),
    "zero width space": ("a long password", "a long\u200b password"),
    "skin of the emoji": ("thumbs up 👍 yes", "thumbs up 👍🏽 yes"),
    "accent": ("genie-calme", "génie-calme"),
    "sharp s": ("strasse-am-see", "straße-am-see"),
    "dotless i": ("istanbul-2026", "ıstanbul-2026"),
}


@pytest.fixture
def client(service):
    """A client of the service on an empty database."""
    return service.app.test_client()


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_password_is_the_same_however_it_is_typed(first, second):
    ours = passwords()
    assert prepared(first) == prepared(second)
    assert ours.match(ours.hash(first), second) == "yes"
    assert ours.match(ours.hash(second), first) == "yes"


@pytest.mark.parametrize(("first", "second"), OTHER.values(), ids=OTHER)
def test_other_text_is_another_password(first, second):
    ours = passwords()
    assert ours.match(ours.hash(first), second) == "no"
    assert ours.match(ours.hash(second), first) == "no"


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_hash_from_before_passwords_were_prepared_stays_good(first, second):
    ours, old = passwords(), PasswordHasher(1, 8, parallelism=1)
    for text in (first, second):
        expected = "yes" if text == prepared(text) else "outdated"
        assert ours.match(old.hash(text), text) == expected
    composed, decomposed = (
        unicodedata.normalize("NFC", second),
        unicodedata.normalize("NFD", second),
    )
    assert ours.match(old.hash(decomposed), composed) != "no"
    assert ours.match(old.hash(composed), decomposed) != "no"


def test_plain_password_costs_one_hash():
    assert hashed_forms("a long enough password") == ("a long enough password",)


def test_hash_of_other_costs_is_outdated():
    assert passwords().match(passwords(PASSWORD_TIME_COST="2").hash("x"), "x") == "outdated"


def test_decomposed_password_logs_in_and_is_no_strike(client, service):
    client.post(f"{AUTH}/register", json=registration(password="génie-calme"))
    decomposed = [login(client, EMAIL, "ge\u0301nie-calme").status_code for _ in range(8)]
    assert decomposed == [200] * 8
    assert service.mongo.database["login_attempts"].count_documents({}) == 0


def test_login_replaces_an_outdated_hash(client, service):
    client.post(f"{AUTH}/register", json=registration())
    credentials = service.mongo.database["credentials"]
    raw = PasswordHasher(2, 16, parallelism=1).hash("ge\u0301nie-calme")
    credentials.update_one({"_id": EMAIL}, {"$set": {"password_hash": raw}})

    assert login(client, EMAIL, "génie-calme").status_code == 200
    (stored,) = credentials.find()
    assert stored["password_hash"].startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert login(client, EMAIL, "ge\u0301nie-calme").status_code == 200
    assert credentials.find_one() == stored


BOUNDS = {
    "ten": ("a" * 10, 202),
    "nine": ("a" * 9, 422),
    "nine, sent as eighteen": ("e\u0301" * 9, 422),
    "ten, sent as twenty": ("e\u0301" * 10, 202),
    "128 decomposed": ("e\u0301" * 128, 202),
    "128 of four bytes": ("\U0001f600" * 128, 202),
    "512": ("x" * 512, 202),
    "513": ("x" * 513, 422),
    "NUL": ("a long\x00 password", 422),
    "end of line": ("a long password\n", 422),
    "tab": ("a long\tpassword", 422),
    "C1 control": ("a long\x85password", 422),
    "delete": ("a long\x7fpassword", 422),
    "spaces only": (" " * 10, 202),
    "lone surrogate": ("a long \ud800 password", 400),
}


@pytest.mark.parametrize(("password", "status"), BOUNDS.values(), ids=BOUNDS)
def test_new_password_has_bounds(client, password, status):
    response = client.post(f"{AUTH}/register", json=registration(password=password))
    assert response.status_code == status
    assert password not in response.get_data(as_text=True)
    if status == 202:
        assert login(client, EMAIL, password).status_code == 200
