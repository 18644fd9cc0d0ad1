"""Access tokens that are checked again: what was found good is remembered, and nothing else is."""

import time

import jwt
import pytest

from service.accounts import access_tokens
from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken
from service.accounts.settings import AccountSettings

ADA = Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")


@pytest.fixture
def decoded(monkeypatch):
    """Each token whose signature is looked at."""
    seen, decode = [], jwt.decode
    monkeypatch.setattr(
        jwt,
        "decode",
        lambda token, *args, **more: seen.append(token) or decode(token, *args, **more),
    )
    return seen


def test_a_token_is_verified_once(decoded):
    own = AccessTokens(AccountSettings.from_env({}))
    token = own.issue(ADA)
    assert [own.check(token) for _ in range(3)] == [ADA] * 3
    assert decoded == [token]


@pytest.mark.slow
def test_a_token_that_was_remembered_expires_all_the_same():
    own = AccessTokens(AccountSettings.from_env({"ACCESS_TOKEN_SECONDS": "5"}))
    token = own.issue(ADA)
    own.check(token)
    expires_at = jwt.decode(token, options={"verify_signature": False})["exp"]
    time.sleep(max(0.0, expires_at - time.time()) + 0.01)
    with pytest.raises(InvalidToken, match="expired"):
        own.check(token)


def test_a_part_of_a_token_that_was_remembered_proves_nothing():
    own = AccessTokens(AccountSettings.from_env({}))
    token = own.issue(ADA)
    own.check(token)
    head, body, signature = token.split(".")
    for forged in (
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        f"{token}AAAA",
        token.swapcase(),
    ):
        with pytest.raises(InvalidToken):
            own.check(forged)


def test_what_is_not_good_is_not_remembered(decoded):
    own = AccessTokens(AccountSettings.from_env({}))
    forged = f"{own.issue(ADA)[:-8]}AAAAAAAA"
    for _ in range(2):
        with pytest.raises(InvalidToken):
            own.check(forged)
    assert decoded == [forged] * 2


def test_so_many_are_remembered_and_no_more(monkeypatch, decoded):
    monkeypatch.setattr(access_tokens, "_REMEMBERED", 3)
    own = AccessTokens(AccountSettings.from_env({}))
    issued = [own.issue(ADA) for _ in range(4)]
    assert [own.check(token) for token in issued * 2] == [ADA] * 8
    assert len(own._checked) <= 3
