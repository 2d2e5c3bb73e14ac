"""Recognises the desk's own answer links, for the guardian: a mail may hold only those of its own request."""

import re
from datetime import UTC, datetime
from typing import Final

from dispatch.storage.answer_links import PATH, LinkError, answer_secret, read_answer_token
from runtime.settings import Settings

_EVER: Final = datetime.min.replace(tzinfo=UTC)


def own_links(settings: Settings, text: str, request_id: str) -> tuple[str, ...]:
    """Return the links of a text that open the answer page of this request and were signed here.

    Whether one has expired is for the page to say: a mail that was long under way does not become a foreign one.

    Raises SettingsError where the secret cannot be read.
    """
    if not settings.inbox_url or settings.inbox_url not in text:
        return ()
    begins = re.escape(f"{settings.inbox_url}{PATH}")
    secret = answer_secret(settings)
    found = re.finditer(rf"(?<!\S){begins}([\w.\-]+)(?!\S)", text, re.ASCII)
    return tuple(dict.fromkeys(match[0] for match in found if _opens(secret, match[1]) == request_id))


def _opens(secret: str, token: str) -> str | None:
    try:
        return read_answer_token(secret, token, _EVER).request_id
    except LinkError:
        return None
