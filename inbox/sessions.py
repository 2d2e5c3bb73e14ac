"""Sessions: a signed cookie holds the name, the sign-in time and the last use; the inbox stores nothing of it.

A session ends when it was idle too long, when it is too old, when the person's passphrase was changed or the person
was removed (`stamp` differs), and when the person signs out. The ids of signed-out sessions are remembered until they would have
ended anyway; that list is lost with the process.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

COOKIE: Final = "desk_session"
VISIT: Final = "desk_visit"
"""The cookie of a browser without a session, for forms that need no sign-in."""
SEEN_AGAIN: Final = timedelta(minutes=1)
"""The age of the last use from which the cookie is rewritten."""
_VISIT_BYTES: Final = 16
_VISIT_CHARS: Final = 22

Way = Literal["password", "company"]


@dataclass(frozen=True)
class Session:
    """One sign-in of one person."""

    id: str
    name: str
    way: Way
    stamp: str
    begun: datetime
    seen: datetime


class Sessions:
    """Reads and writes the cookie, and the tokens that bind a form to it."""

    def __init__(
        self, secret: str, *, idle: timedelta, longest: timedelta, secure: bool, now: Callable[[], datetime]
    ) -> None:
        self._secret = secret
        self._signer, self._forms = self.signer("inbox session v1"), self.signer("inbox form v1")
        self._idle, self._longest, self._secure, self._now = idle, longest, secure, now
        self._signed_out: dict[str, datetime] = {}

    def signer(self, purpose: str) -> URLSafeSerializer:
        """Return a signer for one purpose."""
        return URLSafeSerializer(self._secret, salt=purpose, signer_kwargs={"digest_method": hashlib.sha256})

    def begin(self, name: str, way: Way, stamp: str) -> Session:
        """Return a new session with a new id; an id from before the sign-in is never reused."""
        now = self._now()
        return Session(secrets.token_urlsafe(_VISIT_BYTES), name, way, stamp, now, now)

    def read(self, request: Request) -> tuple[Session | None, bool]:
        """Return the session of a request, and whether there was one that has ended."""
        raw = request.cookies.get(COOKIE)
        if not raw:
            return None, False
        try:
            id_, name, way, stamp, begun, seen = self._signer.loads(raw)
            session = Session(id_, name, way, stamp, _moment(begun), _moment(seen))
        except (BadData, ValueError, TypeError):
            return None, False
        now = self._now()
        ended = now - session.seen > self._idle or now - session.begun > self._longest
        return (None, True) if ended or session.id in self._signed_out else (session, False)

    def write(self, response: Response, session: Session) -> None:
        """Set the cookie, with now as its last use."""
        seen = replace(session, seen=self._now())
        fields = [
            seen.id,
            seen.name,
            seen.way,
            seen.stamp,
            int(seen.begun.timestamp()),
            int(seen.seen.timestamp()),
        ]
        response.set_cookie(
            COOKIE,
            self._signer.dumps(fields),
            max_age=int(self._longest.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )

    def is_due(self, session: Session) -> bool:
        """Return whether the cookie should be rewritten."""
        return self._now() - session.seen > SEEN_AGAIN

    def end(self, response: Response, session: Session | None) -> None:
        """Sign out."""
        now = self._now()
        self._signed_out = {id_: until for id_, until in self._signed_out.items() if until > now}
        if session is not None:
            # Kept for the whole life of the session: a page that is being served now may still renew a copy of it.
            self._signed_out[session.id] = session.begun + self._longest
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=self._secure)

    def visit(self, request: Request) -> str:
        """Return the id of the browser, or a new one."""
        known = request.cookies.get(VISIT, "")
        return known if len(known) == _VISIT_CHARS else secrets.token_urlsafe(_VISIT_BYTES)

    def write_visit(self, response: Response, visit: str) -> None:
        response.set_cookie(VISIT, visit, httponly=True, samesite="lax", secure=self._secure)

    def form_token(self, bound_to: str) -> str:
        """Return the token of a form, bound to a session's or a visit's id."""
        return str(self._forms.dumps(hashlib.sha256(bound_to.encode()).hexdigest()))

    def is_form_token(self, token: str, bound_to: str) -> bool:
        try:
            said = self._forms.loads(token)
        except BadData:
            return False
        return isinstance(said, str) and secrets.compare_digest(
            said, hashlib.sha256(bound_to.encode()).hexdigest()
        )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
