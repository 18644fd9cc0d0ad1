"""One spelling of an e-mail address, whatever its script, and one account for all of them."""

import pytest

from service import roles
from service.http.email_addresses import REASON, normalized_email
from tests.service.members import AUTH, PASSWORD, login, registration

PERSIAN = "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"

SPELLINGS = {
    "ada@serene-mail.com": ["Ada@Serene-Mail.COM", " ada@serene-mail.com ", "ada@ｓerene-mail.com"],
    "ada@bücher.de": ["ada@BÜCHER.de", "ada@xn--bcher-kva.de", "ada@bu\u0308cher.de"],
    "ada@例え.テスト.jp": ["ada@例え。テスト．jp", "ada@xn--r8jz45g.xn--zckzah.jp"],
    "ада@почта.рф": ["АДА@ПОЧТА.РФ", "ада@xn--80a1acny.xn--p1ai"],
    "δοκιμή@παράδειγμα.gr": ["ΔΟΚΙΜΉ@παράδειγμα.gr", "δοκιμη\u0301@παράδειγμα.gr"],
    "用户@例子.中国": ["用户@xn--fsqu00a.xn--fiqs8s"],
    "andré@serene-mail.com": ["andre\u0301@serene-mail.com", "ANDRÉ@serene-mail.com"],
    "ada@straße.de": ["ada@xn--strae-oqa.de", "ada@Straße.DE"],
    "ada@strasse.de": ["ada@STRASSE.de"],
    f"ada@{PERSIAN}.com": ["ada@xn--mgba3gch31f060k.com", f"ADA@{PERSIAN}.com"],
    "ada@ශ\u0dca\u200dරී.com": ["ada@ශ\u0dca\u200dරී.COM"],
    "ada@דוגמה.co.il": ["ada@xn--6dbbec0c.co.il"],
    "ada@한국.kr": ["ada@\u1112\u1161\u11ab\u1100\u116e\u11a8.kr"],
    "o'brien+sleep@serene-mail.com": ["O'Brien+Sleep@serene-mail.com"],
}

REFUSED = [
    "",
    "ada",
    "ada@",
    "@serene-mail.com",
    "ada@serene-mail",
    "ada@@serene-mail.com",
    "ada＠serene-mail.com",
    "Ada <ada@serene-mail.com>",
    "ada@serene-mail.com, bob@serene-mail.com",
    '"a b"@serene-mail.com',
    "a b@serene-mail.com",
    "ada\n@serene-mail.com",
    "ada\0@serene-mail.com",
    "ada\u200d@serene-mail.com",
    "ada\u202e@serene-mail.com",
    "ada\ufdd0@serene-mail.com",
    "ada@se\u200drene-mail.com",
    "ada@\u0301serene.com",
    "ada@xn--a.com",
    "ada@-serene.com",
    "ada@serene_mail.com",
    "ada@[127.0.0.1]",
    "ada@serene-mail.com.",
    "ada..b@serene-mail.com",
    f"{'a' * 250}@serene-mail.com",
    f"{'é' * 125}@serene-mail.com",
    f"ada@{'ü' * 60}.de",
    "ada@example.invalid",
]


@pytest.mark.parametrize("normal", SPELLINGS)
def test_an_address_has_one_spelling(normal):
    assert [normalized_email(one) for one in (normal, *SPELLINGS[normal])] == [normal] * (
        len(SPELLINGS[normal]) + 1
    )


@pytest.mark.parametrize("given", REFUSED)
def test_what_cannot_receive_mail_is_refused_without_repeating_it(given):
    with pytest.raises(ValueError) as refused:
        normalized_email(given)
    assert str(refused.value) == REASON


def test_every_spelling_of_an_address_opens_the_one_account(service):
    client = service.app.test_client()
    for normal, others in SPELLINGS.items():
        first = others[0]
        created = client.post(f"{AUTH}/register", json=registration(email=first))
        assert (created.status_code, created.get_json()["email"]) == (202, normal)
        assert [login(client, one, PASSWORD).status_code for one in (normal, *others)] == [200] * (
            len(others) + 1
        )
        assert roles.give(service, first, "author").endswith("is author now")


def test_a_refused_address_is_reported_without_its_text(service):
    client = service.app.test_client()
    response = client.post(f"{AUTH}/register", json=registration(email="Ada <ada@serene-mail.com>"))
    assert (response.status_code, response.get_json(force=True)["errors"]) == (
        422,
        [{"field": "email", "reason": REASON}],
    )
    with pytest.raises(LookupError):
        roles.give(service, "Ada <ada@serene-mail.com>", "author")
