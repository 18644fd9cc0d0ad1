"""Access tokens that are accepted or refused, each for its true reason."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from service.accounts.access_tokens import AccessTokens, Identity, InvalidToken
from service.accounts.caller import bearer_token
from service.accounts.settings import DEVELOPMENT_KEYS, AccountSettings, parse_keys
from telemetry import SettingError
from tests.service.members import AUTH, member
from tests.service.rate_limits.rate_limit_helpers import counted

NOW = 1_800_000_000.0
ADA = Identity("6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d", "member")
SECRET = parse_keys(DEVELOPMENT_KEYS)["development"]
HEADER = {"alg": "HS256", "kid": "development", "typ": "at+jwt"}
CLAIMS = {
    "sub": ADA.account_id,
    "role": "member",
    "iss": "serene",
    "aud": "serene-api",
    "iat": int(NOW),
    "exp": int(NOW) + 900,
    "jti": "0",
}


def tokens(now: float = NOW, **settings: str) -> AccessTokens:
    return AccessTokens(AccountSettings.from_env(settings), clock=lambda: now)


def part(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def signed(claims: Any = None, header: Any = None, secret: str = SECRET) -> str:
    """Return a token with a valid signature, whatever it contains."""
    signing = f"{part(header or HEADER)}.{part(claims or CLAIMS)}"
    digest = hmac.digest(secret.encode(), signing.encode(), "sha256")
    return f"{signing}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def unsigned(**header: str) -> str:
    return f"{part(HEADER | header)}.{part(CLAIMS)}."


def without(name: str) -> str:
    return signed({claim: value for claim, value in CLAIMS.items() if claim != name})


TIMES = {
    "just issued": ({}, 0, None),
    "iat two seconds ahead": ({"iat": NOW + 2}, 0, None),
    "iat ahead by the leeway": ({"iat": NOW + 5}, 0, None),
    "iat beyond the leeway": ({"iat": NOW + 6}, 0, "not_yet_valid"),
    "iat as a fraction": ({"iat": NOW + 1.5}, 0, None),
    "iat far in the past": ({"iat": 0}, 0, None),
    "nbf two seconds ahead": ({"nbf": NOW + 2}, 0, None),
    "nbf beyond the leeway": ({"nbf": NOW + 60}, 0, "not_yet_valid"),
    "last second": ({}, 899.9, None),
    "expired by two seconds": ({}, 902, None),
    "expired by the leeway": ({}, 905, "expired"),
    "expired long ago": ({}, 86400, "expired"),
    "expired and not yet valid": ({"nbf": NOW + 90000}, 86400, "expired"),
    "never expires": ({"exp": "Infinity"}, 0, "claims"),
    "expiry is a text": ({"exp": "1900000000"}, 0, "claims"),
    "expiry is true": ({"exp": True}, 0, "claims"),
    "expiry is null": ({"exp": None}, 0, "claims"),
    "expiry is negative": ({"exp": -1}, 0, "expired"),
    "expiry has 400 digits": ({"exp": 10**400}, 0, "claims"),
    "iat is a list": ({"iat": [1]}, 0, "claims"),
}


@pytest.mark.parametrize(("claims", "later", "reason"), TIMES.values(), ids=TIMES)
def test_clocks_may_differ_by_the_leeway(claims, later, reason):
    token, own = signed(CLAIMS | claims), tokens(NOW + later)
    assert reason_of(own, token) == reason
    assert reason_of(own, token) == reason  # cached or not


def reason_of(own: AccessTokens, token: str) -> str | None:
    try:
        assert own.verify(token) == ADA
    except InvalidToken as error:
        return error.reason
    return None


def test_cached_token_is_refused_from_its_expiry_on():
    now = [NOW]
    own = AccessTokens(AccountSettings.from_env({}), clock=lambda: now[0])
    token = own.issue(ADA)
    seen = []
    for later in (0, 904.9, 905, 1000):
        now[0] = NOW + later
        seen.append(reason_of(own, token))
    assert seen == [None, None, "expired", "expired"]


FORGED = {
    "empty": ("", "malformed"),
    "one part": ("undefined", "malformed"),
    "two parts": ("a.b", "malformed"),
    "no base64": ("a.b.c", "malformed"),
    "five parts, encrypted": ("a.b.c.d.e", "malformed"),
    "header is a list": (f"{part([])}.{part(CLAIMS)}.x", "malformed"),
    "payload is a list": (signed([1]), "malformed"),
    "nested deeply": (f"{part('[' * 5000)}.e30.x", "malformed"),
    "signature changed": (f"{signed()[:-8]}AAAAAAAA", "signature"),
    "no signature": (signed().rpartition(".")[0] + ".", "signature"),
    "other secret": (signed(secret="x" * 32), "signature"),
    "other claims": (
        f"{part(HEADER)}.{part(CLAIMS | {'role': 'admin'})}.{signed().rpartition('.')[2]}",
        "signature",
    ),
    "alg none": (unsigned(alg="none"), "algorithm"),
    "alg None": (unsigned(alg="NoNe"), "algorithm"),
    "alg RS256 signed with the secret": (signed(header=HEADER | {"alg": "RS256"}), "algorithm"),
    "alg HS512": (signed(header=HEADER | {"alg": "HS512"}), "algorithm"),
    "alg in lower case": (signed(header=HEADER | {"alg": "hs256"}), "algorithm"),
    "without alg": (signed(header={"kid": "development", "typ": "at+jwt"}), "algorithm"),
    "unknown key": (signed(header=HEADER | {"kid": "other"}), "key"),
    "without key": (signed(header={"alg": "HS256", "typ": "at+jwt"}), "key"),
    "key is a path": (signed(header=HEADER | {"kid": "../../dev/null"}), "key"),
    "an ID token": (signed(header=HEADER | {"typ": "JWT"}), "claims"),
    "other issuer": (signed(CLAIMS | {"iss": "other"}), "claims"),
    "other audience": (signed(CLAIMS | {"aud": "other"}), "claims"),
    "unknown role": (signed(CLAIMS | {"role": "root"}), "claims"),
    "role is a list": (signed(CLAIMS | {"role": ["admin"]}), "claims"),
    "subject is a number": (signed(CLAIMS | {"sub": 1}), "claims"),
    **{f"without {name}": (without(name), "claims") for name in CLAIMS},
}


@pytest.mark.parametrize(("token", "reason"), FORGED.values(), ids=FORGED)
def test_reason_of_a_foreign_token_is_true(token, reason):
    own = tokens()
    assert reason_of(own, token) == reason
    assert own._verified == {}


def test_foreign_tokens_have_one_message():
    details = set()
    for token, _ in FORGED.values():
        with pytest.raises(InvalidToken) as error:
            tokens().verify(token)
        details.add(str(error.value))
    assert details == {"The access token is not one of ours."}


HEADERS: dict[str, tuple[str, str | None]] = {
    "usual": ("Bearer abc", "abc"),
    "lower case": ("bearer abc", "abc"),
    "upper case": ("BEARER abc", "abc"),
    "two spaces": ("Bearer  abc", "abc"),
    "space at the end": ("Bearer abc ", "abc"),
    "padding": ("Bearer abc==", "abc=="),
    "no header": ("", None),
    "no token": ("Bearer", None),
    "only spaces": ("Bearer   ", None),
    "basic": ("Basic YTpi", None),
    "negotiate": ("Negotiate abc", None),
    "no scheme": ("abc", None),
    "scheme with a colon": ("Bearer: abc", None),
}
MALFORMED = {
    "two headers": "Bearer abc,Bearer def",
    "two headers, the same": "Bearer abc, Bearer abc",
    "two headers, basic first": "Basic YTpi, Bearer abc",
    "two tokens": "Bearer abc def",
    "comma": "Bearer abc,def",
    "quotes": 'Bearer "abc"',
    "angle brackets": "Bearer <token>",
    "parameter": "Bearer token=abc",
    "other letters": "Bearer äbc",
    "scheme twice": "Bearer Bearer abc",
}


@pytest.mark.parametrize(("header", "token"), HEADERS.values(), ids=HEADERS)
def test_header_has_one_token(header, token):
    assert bearer_token(header) == token


@pytest.mark.parametrize("header", MALFORMED.values(), ids=MALFORMED)
def test_header_in_another_format_is_refused(header):
    with pytest.raises(InvalidToken) as error:
        bearer_token(header)
    assert error.value.reason == "request"


def test_refusals_have_the_challenge_of_their_kind(service):
    client = service.app.test_client()
    ada = member(client)
    token, later = ada.tokens["access_token"], signed(CLAIMS | {"iat": time.time() + 60})
    requests: dict[str, Any] = {
        "missing": {},
        "request": {"headers": {"Authorization": f"Bearer {token},Bearer {token}"}},
        "malformed": {"headers": {"Authorization": "Bearer undefined"}},
        "not_yet_valid": {"headers": {"Authorization": f"Bearer {later}"}},
    }
    seen = {reason: client.get(f"{AUTH}/me", **given) for reason, given in requests.items()}
    seen["role"] = client.put("/api/v1/accounts/x/role", json={}, headers=ada.headers)
    bearer = 'Bearer realm="Serene API"'
    assert {
        reason: (response.status_code, response.headers["WWW-Authenticate"])
        for reason, response in seen.items()
    } == {
        "missing": (401, bearer),
        "request": (400, f"{bearer}, error=invalid_request"),
        "malformed": (401, f"{bearer}, error=invalid_token"),
        "not_yet_valid": (401, f"{bearer}, error=invalid_token"),
        "role": (403, f"{bearer}, error=insufficient_scope"),
    }
    assert counted(client, "serene_unauthorized_total") == dict.fromkeys(seen, 1)


def test_token_in_the_url_is_no_token(service):
    client = service.app.test_client()
    token = member(client).tokens["access_token"]
    for name in ("access_token", "token", "bearer"):
        assert client.get(f"{AUTH}/me?{name}={token}").status_code == 401
    assert client.post(f"{AUTH}/me", data={"access_token": token}).status_code == 405


def test_odd_spellings_of_the_scheme_are_accepted(service):
    client = service.app.test_client()
    ada = member(client)
    for scheme in ("bearer ", "BEARER ", "Bearer  "):
        headers = {"Authorization": f"{scheme}{ada.tokens['access_token']}"}
        assert client.get(f"{AUTH}/me", headers=headers).get_json() == ada.account


@pytest.mark.parametrize("seconds", ["-1", "61", "inf", "x"])
def test_leeway_is_bounded(seconds):
    with pytest.raises(SettingError, match="ACCESS_TOKEN_LEEWAY_SECONDS"):
        AccountSettings.from_env({"ACCESS_TOKEN_LEEWAY_SECONDS": seconds})


def test_own_tokens_are_verified_by_the_library_alone():
    claims = jwt.decode(
        tokens(time.time()).issue(ADA),
        SECRET,
        algorithms=["HS256"],
        audience="serene-api",
        issuer="serene",
    )
    assert claims.keys() == CLAIMS.keys()
