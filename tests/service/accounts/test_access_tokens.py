"""The cache of verified access tokens: valid tokens only, until they expire, and bounded."""

import time

import jwt
import pytest

from service.accounts import access_tokens
from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken, key_timestamp
from service.accounts.settings import AccountSettings

ADA = Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")


@pytest.fixture
def decoded(monkeypatch):
    """Record each token whose signature is verified."""
    seen, decode = [], jwt.decode
    monkeypatch.setattr(
        jwt,
        "decode",
        lambda token, *args, **more: seen.append(token) or decode(token, *args, **more),
    )
    return seen


def test_token_is_verified_once(decoded):
    own = AccessTokens(AccountSettings.from_env({}))
    token = own.issue(ADA)
    assert [own.verify(token) for _ in range(3)] == [ADA] * 3
    assert decoded == [token]


@pytest.mark.slow
def test_cached_token_expires():
    own = AccessTokens(
        AccountSettings.from_env({"ACCESS_TOKEN_SECONDS": "4", "ACCESS_TOKEN_LEEWAY_SECONDS": "1"})
    )
    token = own.issue(ADA)
    own.verify(token)
    expires_at = jwt.decode(token, options={"verify_signature": False})["exp"]
    time.sleep(max(0.0, expires_at + 1 - time.time()) + 0.01)
    with pytest.raises(InvalidToken, match="expired"):
        own.verify(token)


def test_changed_copy_of_a_cached_token_is_invalid():
    own = AccessTokens(AccountSettings.from_env({}))
    token = own.issue(ADA)
    own.verify(token)
    head, body, signature = token.split(".")
    for forged in (
        f"{head}.{body}.",
        f"{head}.{body}.{signature[::-1]}",
        f"{token}AAAA",
        token.swapcase(),
    ):
        with pytest.raises(InvalidToken):
            own.verify(forged)


def test_invalid_token_is_not_cached(decoded):
    own = AccessTokens(AccountSettings.from_env({}))
    forged = f"{own.issue(ADA)[:-8]}AAAAAAAA"
    for _ in range(2):
        with pytest.raises(InvalidToken):
            own.verify(forged)
    assert decoded == [forged] * 2


def test_cache_is_bounded(monkeypatch, decoded):
    monkeypatch.setattr(access_tokens, "_CACHED_TOKENS", 3)
    own = AccessTokens(AccountSettings.from_env({}))
    issued = [own.issue(ADA) for _ in range(4)]
    assert [own.verify(token) for token in issued * 2] == [ADA] * 8
    assert len(own._verified) <= 3


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["2026-11-01", "2026-08-01"], 1_793_491_200.0),
        (["eu-2026-11-01-b"], 1_793_491_200.0),
        (["new", "2026-08-01"], None),
        (["2026-13-45"], None),
    ],
)
def test_age_of_a_key_is_in_the_name_of_the_one_that_signs(names, expected):
    keys = ",".join(f"{name}:{'s' * 32}" for name in names)
    settings = AccountSettings.from_env({"SERENE_TOKEN_KEYS": keys})
    assert key_timestamp(settings) == expected
