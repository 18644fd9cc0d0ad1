"""Registration, login and change of password, without HTTP."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.email_outbox import EmailOutbox, account_exists, welcome
from service.accounts.login_attempts import LoginAttempts
from service.accounts.model import Account, EmailTaken
from service.accounts.passwords import Busy, Passwords
from service.accounts.refresh_tokens import RefreshTokens, Renewal
from service.accounts.repository import AccountRepository


class LockedOut(Exception):
    """Too many wrong passwords for an e-mail or from an address.

    Args:
        seconds: Time until the next attempt is allowed.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


class Authentication:
    """Registers accounts, verifies credentials and issues tokens.

    Args:
        accounts: Accounts and their credentials.
        refresh_tokens: Logins and the tokens that renew them.
        attempts: Counts wrong passwords.
        access_tokens: Issues access tokens.
        passwords: Hashes and verifies passwords.
        outbox: Takes e-mails to the owners of accounts.
        login_seconds: How long a login can be renewed.
        now: Time in UTC, to the millisecond.
    """

    def __init__(
        self,
        *,
        accounts: AccountRepository,
        refresh_tokens: RefreshTokens,
        attempts: LoginAttempts,
        access_tokens: AccessTokens,
        passwords: Passwords,
        outbox: EmailOutbox,
        login_seconds: float,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts = accounts
        self._refresh_tokens = refresh_tokens
        self._attempts = attempts
        self._access_tokens = access_tokens
        self._passwords = passwords
        self._outbox = outbox
        self._login_seconds = login_seconds
        self._now = now

    @property
    def access_token_seconds(self) -> int:
        """How long an access token is valid."""
        return int(self._access_tokens.valid_seconds)

    def register(self, email: str, name: str, password: str) -> bool:
        """Create an account with the role ``member``, and write to the owner of the e-mail.

        It takes as long, and as many commands, when the e-mail has an account: that one is
        unchanged, and its owner is informed.

        Returns:
            Whether there is a new account.
        """
        account = Account(str(uuid4()), email, name, "member", self._now())
        password_hash = self._passwords.hash(password)
        try:
            self._accounts.add(account, password_hash)
        except EmailTaken:
            self._outbox.add(account_exists(email))
            return False
        self._outbox.add(welcome(email))
        return True

    def verify(self, email: str, password: str, address: str) -> Account | None:
        """Return the account of an e-mail and its password; ``None`` when they are wrong.

        Args:
            email: E-mail in lower case.
            password: Password of the request.
            address: Address of the client.

        Raises:
            LockedOut: There were too many wrong passwords.
        """
        if seconds := self._attempts.begin(email, address):
            raise LockedOut(seconds)
        credentials = self._accounts.credentials(email)
        stored = credentials.password_hash if credentials else None
        match = self._passwords.match(stored, password)
        if match == "no" or credentials is None:
            return None
        self._attempts.succeed(email, address)
        if match == "outdated":
            self._renew_hash(email, credentials.password_hash, password)
        return self._accounts.get(credentials.account_id)

    def _renew_hash(self, email: str, old_hash: str, password: str) -> None:
        # The login is not worth less without it: the next one tries again.
        with suppress(Busy):
            self._accounts.replace_hash(email, old_hash, self._passwords.hash(password))

    def account(self, account_id: str) -> Account | None:
        """Return the account of that id."""
        return self._accounts.get(account_id)

    def begin_login(self, account: Account) -> str:
        """Begin a login and return its first refresh token."""
        return self._refresh_tokens.begin(account.account_id, self._login_seconds)

    def renew_login(self, refresh_token: str) -> tuple[Renewal, Account | None]:
        """Use a refresh token.

        Returns:
            What became of it, and the account; ``None`` when the token was refused or the account
            was deleted.
        """
        renewal = self._refresh_tokens.renew(refresh_token)
        return renewal, self._accounts.get(renewal.account_id) if renewal.token else None

    def end_login(self, refresh_token: str) -> None:
        """End the login of a refresh token."""
        self._refresh_tokens.end(refresh_token)

    def change_password(self, account: Account, password: str) -> None:
        """Replace the password of an account and end every login."""
        self._accounts.change_password(account.email, self._passwords.hash(password))
        self._refresh_tokens.end_all(account.account_id)

    def access_token(self, account: Account) -> str:
        """Issue an access token."""
        return self._access_tokens.issue(Identity(account.account_id, account.role))
