"""Links by which a requester answers: signed, expiring, good for the open questions of one request and for nothing else."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from dispatch.models.errors import DispatchError
from dispatch.storage.secret_file import standing_secret
from runtime.settings import Settings

PATH: Final = "/answer/"
_SALT: Final = "dispatch-desk answer link v1"
_MOST_CHARS: Final = 1000


class LinkError(DispatchError):
    """A link is not ours, was changed, or has expired; the text is for the person who opened it."""


@dataclass(frozen=True)
class AnswerGrant:
    """What a link permits: answering the open questions of this request, before `expires_at`."""

    request_id: str
    expires_at: datetime


def answer_link(settings: Settings, request_id: str, expires_at: datetime) -> str:
    """Write the link for a request, good before `expires_at` (timezone-aware).

    Empty where the desk has no pages (DISPATCH_INBOX_URL is empty). Reads or makes the secret, and does no other I/O.
    Raises SettingsError where the secret cannot be kept.
    """
    if not settings.inbox_url:
        return ""
    token = _serializer(answer_secret(settings)).dumps([request_id, int(expires_at.timestamp())])
    return f"{settings.inbox_url}{PATH}{token}"


def answer_secret(settings: Settings) -> str:
    """Return the secret that links are signed with; it is not the one that the inbox's sessions are signed with."""
    if settings.answer_link_secret is not None:
        return settings.answer_link_secret.get_secret_value()
    return standing_secret(settings.var_dir / "answer-links.secret", "DISPATCH_ANSWER_LINK_SECRET")


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
