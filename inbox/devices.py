"""Known devices of a person: wrong tries of strangers lock the name, but not on these devices.

A device is known by a signed cookie, bound to one name, that a successful sign-in sets. It does not sign anybody in: the
passphrase is still required, and wrong ones on the device are counted for the device alone.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

KNOWN_FOR: Final = timedelta(days=180)
_ID_BYTES: Final = 16


class Devices:
    """Reads and writes the cookies; a browser has one for each of its users."""

    def __init__(self, signer: URLSafeSerializer, *, secure: bool, now: Callable[[], datetime]) -> None:
        self._signer, self._secure, self._now = signer, secure, now

    def known(self, request: Request, name: str) -> str | None:
        """Return the id of the device if `name` has signed in on it before, else None."""
        try:
            id_, bound_to, set_at = self._signer.loads(request.cookies.get(_cookie(name), ""))
            since = self._now() - datetime.fromtimestamp(set_at, UTC)
        except (BadData, ValueError, TypeError, OverflowError, OSError):
            return None
        return str(id_) if bound_to == name and since < KNOWN_FOR else None

    def remember(self, response: Response, name: str) -> None:
        """Set the cookie, each time with a new id."""
        fields = [secrets.token_urlsafe(_ID_BYTES), name, int(self._now().timestamp())]
        response.set_cookie(
            _cookie(name),
            self._signer.dumps(fields),
            max_age=int(KNOWN_FOR.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=self._secure,
        )


def _cookie(name: str) -> str:
    return f"desk_device_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
