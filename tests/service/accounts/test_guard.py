"""``@protected`` in a small app: which accounts pass, and what the view knows of them."""

import pytest
from flask import Flask

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.guard import current_account, install, protected
from service.accounts.settings import AccountSettings
from service.http import problems
from service.http.access import ACCESS
from service.http.operation import ResponseSpec, operation

TOKENS = AccessTokens(AccountSettings.from_env({}))
ANY_ACCOUNT = {200: ResponseSpec("The account.")}


@pytest.fixture
def client():
    app = Flask("guarded", static_folder=None)
    problems.install(app)
    install(app, TOKENS)

    @app.get("/all")
    @protected
    @operation("x", ANY_ACCOUNT)
    def everyone():
        return {"id": current_account().account_id, "role": current_account().role}

    @app.get("/author")
    @protected(role="author")
    def author():
        return {"id": current_account().account_id, "role": current_account().role}

    @app.get("/admin")
    @protected(role="admin")
    def admin():
        return {"id": current_account().account_id, "role": current_account().role}

    return app.test_client()


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/all", "member", 200),
        ("/all", "admin", 200),
        ("/author", "author", 200),
        ("/author", "admin", 200),
        ("/author", "member", 403),
        ("/author", "therapist", 403),
        ("/admin", "admin", 200),
        ("/admin", "author", 403),
    ],
)
def test_role_passes_its_routes_and_admin_passes_all(client, path, role, status):
    response = client.get(
        path, headers={"Authorization": f"Bearer {TOKENS.issue(Identity('1', role))}"}
    )
    assert response.status_code == status
    if status == 200:
        assert response.get_json() == {"id": "1", "role": role}
    else:
        assert (
            response.get_json(force=True)["detail"]
            == f"This takes an account of the role {path[1:]}."
        )


def test_view_is_protected_once_and_has_its_access(client):
    view = client.application.view_functions["author"]
    assert ACCESS.get(view).roles == ("author", "admin")
    with pytest.raises(TypeError, match="author is protected twice"):
        protected(view)


def test_retired_key_is_accepted_until_it_is_removed():
    old, new = f"old:{'o' * 32}", f"new:{'n' * 32}"
    token = AccessTokens(AccountSettings.from_env({"SERENE_TOKEN_KEYS": old})).issue(
        Identity("1", "member")
    )
    both = AccessTokens(AccountSettings.from_env({"SERENE_TOKEN_KEYS": f"{new},{old}"}))

    assert both.verify(token) == Identity("1", "member")
    assert AccessTokens(AccountSettings.from_env({"SERENE_TOKEN_KEYS": new})).verify(
        both.issue(Identity("2", "admin"))
    ) == Identity("2", "admin")
