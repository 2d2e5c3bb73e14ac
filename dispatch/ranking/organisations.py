"""The fairness key by which requests share a busy worker."""

import hashlib
from typing import Final

_KEY_BYTES: Final = 64
"""What Temporal takes as a fairness key."""
_DIGITS: Final = 16
# Mail providers of people who have nothing in common: by name under any top-level domain, and by whole domain.
_NAMES: Final = "aol fastmail gmail gmx googlemail hotmail icloud live outlook proton protonmail tutanota yahoo yandex ymail zoho"
_DOMAINS: Final = (
    "126.com 163.com arcor.de bluewin.ch btinternet.com comcast.net free.fr freenet.de hey.com laposte.net libero.it "
    "mac.com mail.com mail.ru mailbox.org me.com msn.com naver.com o2.pl online.de orange.fr pm.me posteo.de posteo.net "
    "qq.com rediffmail.com seznam.cz t-online.de tuta.com tuta.io wanadoo.fr web.de wp.pl"
)
_FREE_MAIL_NAMES, _FREE_MAIL_DOMAINS = frozenset(_NAMES.split()), frozenset(_DOMAINS.split())
_SECOND: Final = "ac co com edu gob gov gv ltd me ne net nom or org plc"
_SECOND_LEVELS: Final = frozenset(_SECOND.split())
"""Below a country's domain these are no organisation's name: what stands before them is."""
_COUNTRY_LETTERS: Final = 2


def organisation_of(address: str) -> str:
    """Return the domain of an address's organisation, without its subdomains; 'unknown' without one."""
    domain = address.rpartition("@")[2].strip().strip(".").lower() if "@" in address else ""
    labels = [label for label in domain.split(".") if label]
    below_country = len(labels) > 1 and len(labels[-1]) == _COUNTRY_LETTERS and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3 if below_country else -2 :]) or "unknown"


def fairness_key(address: str) -> str:
    """Return the key by which requests share a busy worker: the organisation, or the address at a mail provider.

    An address is digested, for Temporal shows and stores the key as it is. Temporal takes 64 bytes at most.
    """
    organisation = organisation_of(address)
    if organisation in _FREE_MAIL_DOMAINS or organisation.partition(".")[0] in _FREE_MAIL_NAMES:
        whole = address.strip().lower().encode("utf-8", "replace")
        return f"{organisation[: _KEY_BYTES // 2]}/{hashlib.sha256(whole).hexdigest()[:_DIGITS]}"
    # The right end of a domain names the organisation; the left one is free to vary.
    return organisation.encode("utf-8", "replace")[-_KEY_BYTES:].decode("utf-8", "ignore") or "unknown"
