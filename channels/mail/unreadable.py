"""Parts of a mail that the desk cannot read: encrypted ones, and winmail.dat."""

import re
from typing import Final

_PGP: Final = re.compile(r"\s{0,20}-----BEGIN PGP MESSAGE-----")
_KINDS: Final = {
    "application/ms-tnef": "winmail.dat, which only Outlook reads",
    "application/vnd.ms-tnef": "winmail.dat, which only Outlook reads",
    "application/pkcs7-mime": "an encrypted or sealed part (S/MIME)",
    "application/x-pkcs7-mime": "an encrypted or sealed part (S/MIME)",
    "application/pgp-encrypted": "an encrypted part (PGP)",
}
_NAMES: Final = {"winmail.dat": _KINDS["application/ms-tnef"], "smime.p7m": _KINDS["application/pkcs7-mime"]}


def unreadable_kind(media_type: str, name: str) -> str | None:
    """Return the kind of an unreadable part; None for a readable one."""
    return _KINDS.get(media_type) or _NAMES.get(name.lower())


def unreadable_text(text: str) -> str | None:
    """Return the kind of a text that is only an encrypted message; None for any other text."""
    return _KINDS["application/pgp-encrypted"] if _PGP.match(text) else None
