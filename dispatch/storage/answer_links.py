"""Answer links for requesters: signed, expiring, and valid only for the open questions of one request."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from itsdangerous import BadData, URLSafeSerializer
from pydantic import SecretStr

from dispatch.models.errors import DispatchError
from dispatch.storage.secret_file import standing_secret

PATH: Final = "/answer/"
_SALT: Final = "dispatch-desk answer link v1"
_MOST_CHARS: Final = 1000
_ANY_TIME: Final = datetime.min.replace(tzinfo=UTC)


class LinkError(DispatchError):
    """A link is not ours, was changed, or has expired; the text is for the person who opened it."""


@dataclass(frozen=True)
class AnswerGrant:
    """What a link permits: answering the open questions of this request, before `expires_at`."""

    request_id: str
    expires_at: datetime


@dataclass(frozen=True)
class AnswerLinks:
    """Makes the links of one desk and tells them from all others; `base_url` is where the desk's pages are, empty: nowhere.

    The secret is `own_secret` or, without one, that of `secret_file`, which is made on first use. There is no other I/O.
    """

    base_url: str
    secret_file: Path
    own_secret: SecretStr | None = None

    @property
    def secret(self) -> str:
        """The secret that links are signed with, which is not that of the inbox's sessions; raises SettingsError."""
        if self.own_secret is not None:
            return self.own_secret.get_secret_value()
        return standing_secret(self.secret_file, "DISPATCH_ANSWER_LINK_SECRET")

    def make(self, request_id: str, expires_at: datetime) -> str:
        """Return the link for a request, good before `expires_at` (timezone-aware); empty where the desk has no pages.

        Raises SettingsError where the secret cannot be kept.
        """
        if not self.base_url:
            return ""
        token = _serializer(self.secret).dumps([request_id, int(expires_at.timestamp())])
        return f"{self.base_url}{PATH}{token}"

    def own(self, text: str, request_id: str) -> tuple[str, ...]:
        """Return the links of a text that open the answer page of this request and were signed here.

        For the guardian: a mail may hold only those of its own request. An expired one counts as well, because the
        page says that it has expired, and a mail that was long on its way still holds no foreign link. Raises
        SettingsError where the secret cannot be read.
        """
        if not self.base_url or self.base_url not in text:
            return ()
        begins = re.escape(f"{self.base_url}{PATH}")
        secret = self.secret
        found = re.finditer(rf"(?<!\S){begins}([\w.\-]+)(?!\S)", text, re.ASCII)
        return tuple(dict.fromkeys(match[0] for match in found if _opens(secret, match[1]) == request_id))


def read_answer_token(secret: str, token: str, now: datetime) -> AnswerGrant:
    """Return what a link's token permits at `now`; raises LinkError, which says nothing about the request."""
    try:
        request_id, expires = _serializer(secret).loads(token[:_MOST_CHARS])
    except (BadData, ValueError, TypeError):
        raise LinkError(
            "This link is not complete. Open it from the mail again, or copy all of it."
        ) from None
    authorization = AnswerGrant(str(request_id), datetime.fromtimestamp(expires, UTC))
    if authorization.expires_at <= now:
        raise LinkError("This link has expired. Please answer the mail instead, or write to us again.")
    return authorization


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(secret, salt=_SALT, signer_kwargs={"digest_method": hashlib.sha256})


def _opens(secret: str, token: str) -> str | None:
    try:
        return read_answer_token(secret, token, _ANY_TIME).request_id
    except LinkError:
        return None
